package place

import (
	"iter"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Each case spoils node or pool a/p of a cluster in one way and names the verdict.
func TestFilters(t *testing.T) {
	type in struct {
		n *Node
		p *Pool
		q *Query
		d *[]Replica
	}
	tests := []struct {
		name   string
		spoil  func(in)
		code   Code
		reason string
	}{
		{"diskless pool", func(x in) { x.p.Diskless, x.p.Kind = true, v1.ProviderKindDiskless },
			CodeWrongClass, "not a pool for diskful replicas"},
		{"unknown node", func(x in) { x.n.Name = "z" }, CodeUnknownNode, "the node is not known"},
		{"offline", func(x in) { x.n.Online, x.n.WhyOffline = false, "no answer for 5 s" },
			CodeOffline, "the node is offline (no answer for 5 s)"},
		{"min IO size", func(x in) { x.q.MinIOSizeBytes, x.p.MinIOSizeBytes = 512, 4096 },
			CodeMinIOSize, "minimum IO size is 4096 bytes, the resource has been in use with 512"},
		{"deleting", func(x in) { x.n.Deleting = true }, CodeDeleting, "the node is being deleted"},
		{"evacuating", func(x in) { x.n.Evacuating = true }, CodeEvacuating, "the node is being evacuated"},
		{"evicted", func(x in) { x.n.Evicted = true }, CodeEvicted, "the node is evicted"},
		{"not listed", func(x in) { x.q.NodeNames = []string{"B", "c"} },
			CodeNotListed, "the node is not in the list: B, c"},
		{"same value", func(x in) { x.q.ReplicasOnSame, x.n.Props["s"] = []string{"s=1"}, "2" },
			CodeSame, "replicas_on_same asks for s=1, the node has s=2"},
		{"same value missing", func(x in) { x.q.ReplicasOnSame = []string{"t=1"} },
			CodeSame, "replicas_on_same asks for t=1, the node has no property t"},
		{"same key missing", func(x in) { x.q.ReplicasOnSame = []string{"t"} },
			CodeSame, "replicas_on_same asks for t, the node has no property t"},
		{"same as deployed", func(x in) {
			x.q.ReplicasOnSame, x.n.Props["s"] = []string{"s"}, "2"
			*x.d = []Replica{replica("b")}
		}, CodeSame, "replicas_on_same asks for s=1, the node has s=2"},
		{"forbidden value", func(x in) { x.q.ReplicasOnDifferent, x.n.Props["s"] = []string{"s=2"}, "2" },
			CodeForbiddenValue, "replicas_on_different excludes nodes with s=2"},
		{"value taken", func(x in) { x.q.ReplicasOnDifferent = []string{"s"}; *x.d = []Replica{replica("b")} },
			CodeDifferent, "nodes with s=1 hold 1 replica of at most 1"},
		{"value full", func(x in) {
			x.q.XReplicasOnDifferent = map[string]int{"s": 2}
			*x.d = []Replica{replica("b"), replica("c")}
		}, CodeDifferent, "nodes with s=1 hold 2 replicas of at most 2"},
		{"no value taken", func(x in) { x.q.ReplicasOnDifferent = []string{"t"}; *x.d = []Replica{replica("b")} },
			CodeDifferent, "nodes with no property t hold 1 replica of at most 1"},
		{"pool no target", func(x in) { x.p.NoAutoplace = true }, CodeAutoplaceTarget, "AutoplaceTarget is false for the storage pool"},
		{"pool no target on a node named by hand", func(x in) { x.p.NoAutoplace, x.n.NoAutoplace, x.q.ByHand = true, true, true },
			CodeAutoplaceTarget, "AutoplaceTarget is false for the storage pool"},
		{"node no target", func(x in) { x.n.NoAutoplace = true }, CodeAutoplaceTarget, "AutoplaceTarget is false for the node or the controller"},
		{"layer", func(x in) {
			x.n.Layers = layers(v1.LayerTypeStorage)
			x.n.UnsupportedWhy = map[string]string{"DRBD": "kernel module not loaded"}
			x.q.LayerStack = []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}
		}, CodeLayer, "the node does not support DRBD (kernel module not loaded)"},
		{"provider", func(x in) { x.n.Providers = nil }, CodeProvider, "the node does not support LVM"},
		{"has diskful", func(x in) { *x.d = []Replica{replica("a")} }, CodeDeployed, "the node already has a diskful replica"},
		{"still deleting", func(x in) { *x.d = []Replica{{Node: "A", Diskless: true, Deleting: true}} },
			CodeDeployed, "a replica on the node is still being deleted"},
		{"not with", func(x in) {
			x.q.NotWith = []string{"other"}
			x.q.Resources = func(string) iter.Seq[string] { return slices.Values([]string{"x", "OTHER"}) }
		}, CodeNotWith, "the node has resource other, which is to be kept apart"},
		{"not with lookup", func(x in) {
			x.q.NotWith = []string{"other"}
			x.q.HasResource = func(node, name string) bool { return node == "a" && name == "other" }
		}, CodeNotWith, "the node has resource other, which is to be kept apart"},
		{"not with regex", func(x in) {
			x.q.NotWithRegex = regexp.MustCompile("(?i:b-)")
			x.q.Resources = func(string) iter.Seq[string] { return slices.Values([]string{"x", "mydB-2", "mydb-1"}) }
		}, CodeNotWith, "the node has resource mydb-1, which is to be kept apart"},
		{"veto", func(x in) { x.q.Veto = map[string]string{"a": "needs zstd"} }, CodeVeto, "needs zstd"},
		{"capacity unknown", func(x in) { x.p.CapacityKnown = false }, CodeNoCapacity, "the capacity of the pool is not known"},
		{"space", func(x in) { x.p.FreeKiB = 3*gib + gib/4 }, CodeSpace,
			"needs 10 GiB, 3.25 GiB usable: free 3.25 GiB"},
		{"space pending", func(x in) { x.p.FreeKiB, x.p.PendingKiB = 12*gib, 3*gib }, CodeSpace,
			"needs 10 GiB, 9 GiB usable: free 12 GiB − pending 3 GiB"},
		{"thin by free", func(x in) { *x.p = *thinPool("a", "p", 3, 100) }, CodeSpace,
			"needs 10 GiB, 3 GiB usable: free 3 GiB × ratio 1.0"},
		{"thin by total", func(x in) { *x.p = *thinPool("a", "p", 60, 100); x.p.ReservedKiB = 95 * gib }, CodeSpace,
			"needs 10 GiB, 5 GiB usable: total 100 GiB × ratio 1.0 − promised 95 GiB"},
		{"thin low", func(x in) { *x.p = *thinPool("a", "p", 15, 200); x.p.MinThinFree = DefaultMinThinFree() }, CodeThinFree,
			"thin pool has 15 GiB free, Autoplacer/MinThinFreeSpace demands 20 GiB (10% of 200 GiB)"},
		{"thin low size", func(x in) { *x.p = *thinPool("a", "p", 15, 200); x.p.MinThinFree = MinThinFree{KiB: 16 * gib} }, CodeThinFree,
			"thin pool has 15 GiB free, Autoplacer/MinThinFreeSpace demands 16 GiB"},
		{"pool list", func(x in) { x.q.StoragePools = []string{"ssd"} }, CodePoolNotListed, "the pool is not in the list: ssd"},
		{"providers", func(x in) { x.q.Providers = []v1.ProviderKind{v1.ProviderKindZfs} }, CodeKindNotListed, "kind LVM is not in the list of providers"},
		{"shared space", func(x in) {
			x.p.SharedSpace = "san"
			r := replica("b")
			r.SharedSpace = "san"
			*x.d = []Replica{r}
		}, CodeSharedSpace, "the replica on node b already uses shared space san"},
		{"mixing", func(x in) {
			r := replica("b")
			r.Kind = v1.ProviderKindZfs
			*x.d = []Replica{r}
		}, CodeMixing, "kind LVM does not mix with what is deployed: ZFS on node b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes := []*Node{node("a", "s", "1"), node("b", "s", "1"), node("c", "s", "1")}
			pools := []*Pool{pool("a", "p", 50), pool("b", "p", 50), pool("c", "p", 50)}
			q := Query{PlaceCount: 1, Resource: "r", VolumeSizesKiB: []int64{6 * gib, 4 * gib}}
			var d []Replica
			good := mustPlace(t, nodes, pools, nil, q)
			if v := verdict(t, good, "a", "p"); v.State == Rejected {
				t.Fatalf("rejected before it was spoiled: %s", v.Reason())
			}
			tt.spoil(in{nodes[0], pools[0], &q, &d})
			q.PlaceCount = 0 // the verdict matters, not the outcome
			r, err := Place(nodes, pools, d, q)
			if err != nil {
				t.Fatal(err)
			}
			v := verdict(t, r, "a", "p")
			if v.State != Rejected || v.Code != tt.code || v.Reason() != tt.reason {
				t.Errorf("got %s %s %q\nwant rejected %s %q", v.State, v.Code, v.Reason(), tt.code, tt.reason)
			}
		})
	}
}

// What must not keep a pool out.
func TestFiltersAdmit(t *testing.T) {
	tests := []struct {
		name string
		set  func(n *Node, p *Pool, q *Query, d *[]Replica)
	}{
		{"names ignore case", func(_ *Node, _ *Pool, q *Query, _ *[]Replica) {
			q.NodeNames, q.StoragePools = []string{"A"}, []string{"P"}
		}},
		{"diskless replica gets a disk", func(_ *Node, _ *Pool, _ *Query, d *[]Replica) {
			*d = []Replica{{Node: "a", Diskless: true}}
		}},
		{"tiebreaker gets a disk", func(_ *Node, _ *Pool, _ *Query, d *[]Replica) {
			*d = []Replica{{Node: "a", Diskless: true, Tiebreaker: true}}
		}},
		{"own name does not keep apart", func(_ *Node, _ *Pool, q *Query, _ *[]Replica) {
			q.NotWith, q.NotWithRegex = []string{"R"}, regexp.MustCompile(".*")
			q.Resources = func(string) iter.Seq[string] { return slices.Values([]string{"r"}) }
		}},
		{"node without the property to avoid", func(_ *Node, _ *Pool, q *Query, _ *[]Replica) {
			q.ReplicasOnDifferent = []string{"no-volumes=true"}
		}},
		{"empty value", func(n *Node, _ *Pool, q *Query, _ *[]Replica) {
			n.Props["role"], q.ReplicasOnSame = "", []string{"role="}
		}},
		{"thick pool needs no thin reserve", func(_ *Node, p *Pool, _ *Query, _ *[]Replica) {
			p.MinThinFree = MinThinFree{Percent: 99}
		}},
		{"capacity does not matter without volumes", func(_ *Node, p *Pool, q *Query, _ *[]Replica) {
			p.CapacityKnown, q.VolumeSizesKiB = false, nil
		}},
		{"min IO size 0 means 512", func(_ *Node, _ *Pool, q *Query, _ *[]Replica) { q.MinIOSizeBytes = 512 }},
		{"smaller blocks than the resource has", func(_ *Node, p *Pool, q *Query, _ *[]Replica) { q.MinIOSizeBytes, p.MinIOSizeBytes = 4096, 512 }},
		{"NVMe target needs no DRBD", func(n *Node, _ *Pool, q *Query, _ *[]Replica) {
			n.Layers = layers(v1.LayerTypeNvme, v1.LayerTypeStorage)
			q.LayerStack = []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeNvme, v1.LayerTypeStorage}
		}},
		{"no target, but named by hand", func(n *Node, _ *Pool, q *Query, _ *[]Replica) { n.NoAutoplace, q.ByHand = true, true }},
		{"leaving replica of a zone does not block it", func(_ *Node, _ *Pool, q *Query, d *[]Replica) {
			q.ReplicasOnDifferent = []string{"s"}
			*d = []Replica{replica("gone")}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gone := node("gone", "s", "1")
			gone.Evacuating = true
			nodes, pools := []*Node{node("a", "s", "1"), gone}, []*Pool{pool("a", "p", 50)}
			q := Query{PlaceCount: 1, Resource: "r", VolumeSizesKiB: []int64{gib}}
			var d []Replica
			tt.set(nodes[0], pools[0], &q, &d)
			if r := mustPlace(t, nodes, pools, d, q); names(r) != "a/p" {
				t.Errorf("chose %q", names(r))
			}
		})
	}
}

func TestUsable(t *testing.T) {
	thin := func(free, total, reserved int64, rf, rt float64) Pool {
		return Pool{Thin: true, CapacityKnown: true, FreeKiB: free, TotalKiB: total, ReservedKiB: reserved, RatioFree: rf, RatioTotal: rt}
	}
	tests := []struct {
		name string
		p    Pool
		want int64
	}{
		{"thick", Pool{CapacityKnown: true, FreeKiB: 100, PendingKiB: 30, ReservedKiB: 500}, 70},
		{"thick overdrawn", Pool{CapacityKnown: true, FreeKiB: 10, PendingKiB: 30}, 0},
		{"thin by free", thin(100, 1000, 0, 2, 20), 200},
		{"thin by total", thin(900, 1000, 800, 20, 1), 200},
		{"thin overcommitted", thin(900, 1000, 1800, 20, 1), 0},
		{"thin ratio 0", thin(900, 1000, 0, 0, 20), 0},
		{"thin huge", thin(math.MaxInt64/2, math.MaxInt64/2, 0, 20, 20), math.MaxInt64},
		{"unknown", Pool{FreeKiB: 100}, 0},
		{"diskless", Pool{Diskless: true}, math.MaxInt64},
	}
	for _, tt := range tests {
		if got := UsableKiB(&tt.p); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	p := thin(900, 1000, 800, 20, 1)
	p.PendingKiB = 150
	if got := UsableKiB(&p); got != 50 {
		t.Errorf("pending is not taken off: %d", got)
	}
}

func TestRuleErrors(t *testing.T) {
	nodes, pools := cluster(1)
	for _, q := range []Query{
		{ReplicasOnSame: []string{"=x"}}, {ReplicasOnDifferent: []string{""}},
		{XReplicasOnDifferent: map[string]int{"s": 0}}, {XReplicasOnDifferent: map[string]int{"": 1}},
	} {
		_, err := Place(nodes, pools, nil, q)
		if f := mustFail(t, err, v1.FailInvalidRequest); f.Correction == "" || !strings.Contains(f.Message, "replicas_on") {
			t.Errorf("unhelpful: %+v", f)
		}
	}
	if _, err := CompileNotWith("("); err == nil {
		t.Error("bad expression accepted")
	}
	re, err := CompileNotWith("db-")
	if err != nil || !re.MatchString("MyDB-1") {
		t.Errorf("%v: must match anywhere and ignore case", err)
	}
}
