package place

import (
	"maps"
	"math"

	"github.com/holdfast-storage/holdfast/api/v1"
	"pgregory.net/rapid"
)

// instance is a small random placement.
type instance struct {
	nodes    []*Node
	pools    []*Pool
	deployed []Replica
	q        Query
}

func drawInstance(t *rapid.T) instance {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	chance := func(label string, percent int) bool { return rapid.IntRange(1, 100).Draw(t, label) <= percent }
	var in instance
	kinds := []v1.ProviderKind{v1.ProviderKindLvm}
	if chance("kinds", 30) {
		kinds = append(kinds, v1.ProviderKindZfs, v1.ProviderKindZfsThin, v1.ProviderKindFile)
	}
	sharing, minIO := chance("sharing", 30), chance("min IO", 20)
	for i := range rapid.IntRange(1, 7).Draw(t, "nodes") {
		n := node(string(rune('a' + i)))
		n.Online = !chance("offline", 5)
		n.MixesKinds = !chance("old", 20)
		for _, key := range []string{"site", "rack", "room"} {
			if v := pick(key, "1", "2", "3", ""); v != "" {
				n.Props[key] = v
			}
		}
		in.nodes = append(in.nodes, n)
		for j := range rapid.IntRange(0, 2).Draw(t, "pools") {
			p := pool(n.Name, string(rune('p'+j)), int64(rapid.IntRange(2, 400).Draw(t, "free")))
			p.Kind = rapid.SampledFrom(kinds).Draw(t, "kind")
			if sharing {
				p.SharedSpace = pick("shared", "", "s", "t", "u")
			}
			if minIO {
				p.MinIOSizeBytes = rapid.SampledFrom([]int64{512, 4096}).Draw(t, "min IO size")
			}
			in.pools = append(in.pools, p)
		}
		if chance("deployed", 15) {
			r := replica(n.Name)
			r.Diskless = chance("diskless", 30)
			in.deployed = append(in.deployed, r)
		}
	}
	in.q = Query{Resource: "r", Additional: rapid.IntRange(1, 4).Draw(t, "wanted"), AllowMixing: chance("mix", 40),
		VolumeSizesKiB: []int64{3 * gib}}
	if chance("same", 25) {
		in.q.ReplicasOnSame = []string{pick("same rule", "site", "room", "room=1")}
	}
	// Rules that fill values dominate all others, so half of the instances go without.
	rules := []string{"", "", "different"}
	if chance("filling", 50) {
		rules = append(rules, "x2", "x3")
	}
	for _, key := range []string{"site", "rack", "room"} {
		switch pick("different "+key, rules...) {
		case "different":
			in.q.ReplicasOnDifferent = append(in.q.ReplicasOnDifferent, key)
		case "x2":
			in.x(key, 2)
		case "x3":
			in.x(key, 3)
		}
	}
	return in
}

func (in *instance) x(key string, n int) {
	if in.q.XReplicasOnDifferent == nil {
		in.q.XReplicasOnDifferent = map[string]int{}
	}
	in.q.XReplicasOnDifferent[key] = n
}

func (in *instance) node(name string) *Node {
	for i := range in.nodes {
		if in.nodes[i].Name == name {
			return in.nodes[i]
		}
	}
	return nil
}

// value tells what a node has, apart from every value if it has none.
func (n *Node) value(key string) string {
	if v, ok := n.Props[key]; ok {
		return "=" + v
	}
	return ""
}

// valid is the rules once more, as plainly as possible.
func (in *instance) valid(set []*Pool) bool {
	seen := map[string]bool{}
	for _, r := range in.deployed {
		if !r.Diskless {
			seen["node "+r.Node] = true
		}
	}
	for _, p := range set {
		n := in.node(p.Node)
		if !n.Online || p.FreeKiB < 3*gib || seen["node "+p.Node] || p.SharedSpace != "" && seen["shared "+p.SharedSpace] {
			return false
		}
		seen["node "+p.Node], seen["shared "+p.SharedSpace] = true, true
		if minIO(p) != minIO(set[0]) {
			return false
		}
	}
	return in.validKinds(set) && in.validSame(set) && in.validDifferent(set)
}

func (in *instance) validKinds(set []*Pool) bool {
	common, all := famAll, append([]*Pool(nil), set...)
	mixed := in.q.AllowMixing
	for _, r := range in.deployed {
		if !r.Diskless {
			all = append(all, &Pool{Node: r.Node, Kind: r.Kind})
		}
	}
	for _, p := range all {
		mixed = mixed && in.node(p.Node).MixesKinds
	}
	for _, p := range all {
		common &= familiesOf(p.Kind, mixed)
	}
	return common != 0
}

func (in *instance) nodesOf(set []*Pool) []*Node {
	var out []*Node
	for _, r := range in.deployed {
		if !r.Diskless {
			out = append(out, in.node(r.Node))
		}
	}
	for _, p := range set {
		out = append(out, in.node(p.Node))
	}
	return out
}

func (in *instance) validSame(set []*Pool) bool {
	for _, text := range in.q.ReplicasOnSame {
		rule, _ := ParseRule("", text)
		nodes := in.nodesOf(set)
		for i, n := range nodes {
			new := i >= len(nodes)-len(set)
			switch {
			case n.value(rule.Key) == "" && (new || !rule.HasValue):
				return false
			case rule.HasValue && new && n.Props[rule.Key] != rule.Value:
				return false
			case !rule.HasValue && n.value(rule.Key) != nodes[0].value(rule.Key):
				return false
			}
		}
	}
	return true
}

func (in *instance) limits() map[string]int {
	out := map[string]int{}
	maps.Copy(out, in.q.XReplicasOnDifferent)
	for _, key := range in.q.ReplicasOnDifferent {
		out[key] = 1
	}
	return out
}

func (in *instance) validDifferent(set []*Pool) bool {
	for key, limit := range in.limits() {
		before, after := map[string]int{}, map[string]int{}
		for _, n := range in.nodesOf(nil) {
			before[n.value(key)]++
		}
		for _, n := range in.nodesOf(set) {
			after[n.value(key)]++
		}
		for value, n := range after {
			if n > limit && n > before[value] {
				return false
			}
		}
	}
	return true
}

// unfilled tells whether a set leaves more than one value partly filled; worse, whether
// it leaves more of them than there were.
func (in *instance) unfilled(set []*Pool) (unfilled, worse bool) {
	partial := func(set []*Pool, key string, limit int) int {
		count, n := map[string]int{}, 0
		for _, node := range in.nodesOf(set) {
			count[node.value(key)]++
		}
		for _, c := range count {
			if c < limit {
				n++
			}
		}
		return n
	}
	for key, limit := range in.limits() {
		if n := partial(set, key, limit); limit > 1 && n > 1 {
			unfilled = true
			worse = worse || n > partial(nil, key, limit)
		}
	}
	return unfilled, worse
}

// brute tries all sets of the wanted size and gives the best sum, −Inf if none is valid.
func (in *instance) brute(score func(p *Pool) float64) float64 {
	strict, relaxed := math.Inf(-1), math.Inf(-1)
	var set []*Pool
	var walk func(from int, sum float64)
	walk = func(from int, sum float64) {
		if len(set) == in.q.Additional {
			if !in.valid(set) {
				return
			}
			unfilled, worse := in.unfilled(set)
			if !unfilled {
				strict = max(strict, sum)
			}
			if !worse {
				relaxed = max(relaxed, sum)
			}
			return
		}
		for i := from; i < len(in.pools); i++ {
			set = append(set, in.pools[i])
			walk(i+1, sum+score(in.pools[i]))
			set = set[:len(set)-1]
		}
	}
	walk(0, 0)
	if !math.IsInf(strict, -1) {
		return strict
	}
	return relaxed
}
