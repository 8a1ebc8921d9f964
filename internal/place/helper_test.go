package place

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

const gib = 1 << 20 // KiB

func layers(l ...v1.LayerType) map[v1.LayerType]bool {
	m := map[v1.LayerType]bool{}
	for _, x := range l {
		m[x] = true
	}
	return m
}

// node makes a node that supports all that tests use; props are pairs of key and value.
func node(name string, props ...string) *Node {
	n := &Node{Name: name, Online: true, MixesKinds: true, Props: map[string]string{},
		Layers: layers(v1.LayerTypeDrbd, v1.LayerTypeStorage),
		Providers: map[v1.ProviderKind]bool{
			v1.ProviderKindLvm: true, v1.ProviderKindLvmThin: true, v1.ProviderKindZfs: true,
			v1.ProviderKindZfsThin: true, v1.ProviderKindFile: true, v1.ProviderKindFileThin: true,
		}}
	for i := 0; i+1 < len(props); i += 2 {
		n.Props[props[i]] = props[i+1]
	}
	return n
}

// pool makes a thick pool with so much free space.
func pool(node, name string, freeGiB int64) *Pool {
	return &Pool{Node: node, Name: name, Kind: v1.ProviderKindLvm, CapacityKnown: true,
		FreeKiB: freeGiB * gib, TotalKiB: 1000 * gib}
}

func thinPool(node, name string, freeGiB, totalGiB int64) *Pool {
	return &Pool{Node: node, Name: name, Kind: v1.ProviderKindLvmThin, Thin: true, CapacityKnown: true,
		FreeKiB: freeGiB * gib, TotalKiB: totalGiB * gib, RatioFree: 1, RatioTotal: 1}
}

func disklessPool(node string) *Pool {
	return &Pool{Node: node, Name: "none", Kind: v1.ProviderKindDiskless, Thin: true, Diskless: true}
}

func replica(node string) Replica {
	return Replica{Node: node, Pool: "p", Kind: v1.ProviderKindLvm, UpToDate: true, Ready: true}
}

// cluster makes n nodes a, b, … with one pool p each, of falling size.
func cluster(n int) ([]*Node, []*Pool) {
	var nodes []*Node
	var pools []*Pool
	for i := range n {
		name := string(rune('a' + i))
		nodes = append(nodes, node(name))
		pools = append(pools, pool(name, "p", int64(100-10*i)))
	}
	return nodes, pools
}

func names(r Result) string {
	var out []string
	for _, v := range r.Chosen {
		out = append(out, v.Node+"/"+v.Name)
	}
	return strings.Join(out, " ")
}

func verdict(t *testing.T, r Result, node, pool string) Verdict {
	t.Helper()
	i := slices.IndexFunc(r.Verdicts, func(v Verdict) bool { return v.Node == node && v.Name == pool })
	if i < 0 {
		t.Fatalf("no verdict on %s/%s", node, pool)
	}
	return r.Verdicts[i]
}

// mustFail gives the fault of a placement that has to fail.
func mustFail(t *testing.T, err error, code v1.Code) *fault.Fault {
	t.Helper()
	f, ok := fault.As(err)
	if !ok {
		t.Fatalf("error is %v, want a fault", err)
	}
	if f.Code != code {
		t.Fatalf("code is %x (%v), want %x", uint64(f.Code), err, uint64(code))
	}
	return f
}

func mustPlace(t *testing.T, nodes []*Node, pools []*Pool, deployed []Replica, q Query) Result {
	t.Helper()
	r, err := Place(nodes, pools, deployed, q)
	if err != nil {
		f, _ := fault.As(err)
		t.Fatalf("%v\n%s", err, f.Details)
	}
	return r
}

func numbered(prefix string, i int) string { return fmt.Sprintf("%s%03d", prefix, i) }
