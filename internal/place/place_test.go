package place

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func sites(nodes []*Node, values ...string) {
	for i, v := range values {
		if v != "" {
			nodes[i].Props["site"] = v
		}
	}
}

func TestPlace(t *testing.T) {
	// Nodes a to f with pools of falling size, so that scores fall too.
	tests := []struct {
		name  string
		count int
		set   func(n []*Node, p *[]*Pool, d *[]Replica, q *Query)
		want  string // empty: must fail
	}{
		{"best scores", 3, nil, "a/p b/p c/p"},
		{"all", 6, nil, "a/p b/p c/p d/p e/p f/p"},
		{"too many", 7, nil, ""},
		{"one pool per node", 2, func(_ []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			*p = append(*p, pool("a", "q", 99))
		}, "a/p b/p"},
		{"deployed count", 3, func(_ []*Node, _ *[]*Pool, d *[]Replica, _ *Query) {
			*d = []Replica{replica("a"), {Node: "b", Diskless: true}}
		}, "b/p c/p"},
		{"additional replaces the difference", 2, func(_ []*Node, _ *[]*Pool, d *[]Replica, q *Query) {
			*d, q.Additional = []Replica{replica("a"), replica("b"), replica("c")}, 1
		}, "d/p"},
		{"skipped disk and evacuated do not count", 2, func(n []*Node, _ *[]*Pool, d *[]Replica, _ *Query) {
			n[1].Evacuating = true
			*d = []Replica{replica("a"), replica("b")}
			(*d)[0].SkipDisk = true
		}, "c/p d/p"},
		{"same key", 3, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "y", "y", "x", "y", "")
			q.ReplicasOnSame = []string{"site"}
		}, "b/p c/p e/p"},
		{"same key, best group wins", 2, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "y", "x", "y", "z", "z")
			q.ReplicasOnSame = []string{"site"}
		}, "a/p c/p"},
		{"same key follows deployed", 2, func(n []*Node, _ *[]*Pool, d *[]Replica, q *Query) {
			sites(n, "x", "x", "y", "y", "y", "y")
			*d, q.ReplicasOnSame = []Replica{replica("e")}, []string{"site"}
		}, "c/p"},
		{"same value", 2, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "0", "1", "0", "1", "0", "1")
			q.ReplicasOnSame = []string{"site=1"}
		}, "b/p d/p"},
		{"different", 3, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "x", "x", "y", "y", "z")
			q.ReplicasOnDifferent = []string{"site"}
		}, "a/p d/p f/p"},
		{"different, no value is one value", 3, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "", "", "x")
			q.ReplicasOnDifferent = []string{"site"}
		}, ""},
		{"different from deployed", 2, func(n []*Node, _ *[]*Pool, d *[]Replica, q *Query) {
			sites(n, "x", "x", "x", "y", "y", "z")
			*d, q.ReplicasOnDifferent = []Replica{replica("b")}, []string{"site"}
		}, "d/p"},
		{"forbidden value", 2, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x")
			q.ReplicasOnDifferent = []string{"site=x"}
		}, "b/p c/p"},
		{"two per value", 4, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "x", "x", "y", "z", "z")
			q.XReplicasOnDifferent = map[string]int{"site": 2}
		}, "a/p b/p e/p f/p"},
		{"two per value, one may stay half full", 3, func(n []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "y", "z", "x", "v", "w")
			q.XReplicasOnDifferent = map[string]int{"site": 2}
		}, "a/p b/p d/p"},
		{"two per value, fill what is deployed", 3, func(n []*Node, _ *[]*Pool, d *[]Replica, q *Query) {
			sites(n, "x", "y", "z", "x", "y", "z")
			*d, q.XReplicasOnDifferent = []Replica{replica("c"), replica("a")}, map[string]int{"site": 2}
		}, "d/p"},
		{"deployed leave more half full than allowed", 4, func(n []*Node, _ *[]*Pool, d *[]Replica, q *Query) {
			sites(n, "x", "y", "z", "w", "y", "v")
			*d, q.XReplicasOnDifferent = []Replica{replica("a"), replica("b"), replica("c")}, map[string]int{"site": 2}
		}, "e/p"},
		{"shared space once", 2, func(_ []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			(*p)[0].SharedSpace, (*p)[1].SharedSpace = "san", "san"
		}, "a/p c/p"},
		{"shared space deployed counts once", 2, func(_ []*Node, p *[]*Pool, d *[]Replica, _ *Query) {
			a, b := replica("a"), replica("b")
			a.SharedSpace, b.SharedSpace = "san", "san"
			*d = []Replica{a, b}
		}, "c/p"},
		{"kinds do not mix", 3, func(_ []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			(*p)[0].Kind, (*p)[2].Kind = v1.ProviderKindZfs, v1.ProviderKindZfsThin
		}, "b/p d/p e/p"},
		{"zfs mixes with itself", 2, func(_ []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			(*p)[0].Kind, (*p)[1].Kind = v1.ProviderKindZfs, v1.ProviderKindZfsThin
		}, "a/p b/p"},
		{"mixing allowed", 3, func(_ []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			(*p)[0].Kind, (*p)[2].Kind, q.AllowMixing = v1.ProviderKindZfs, v1.ProviderKindLvmThin, true
		}, "a/p b/p c/p"},
		{"mixing allowed, DRBD too old on one node", 3, func(n []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			(*p)[0].Kind, (*p)[2].Kind, q.AllowMixing = v1.ProviderKindZfs, v1.ProviderKindLvmThin, true
			n[0].MixesKinds = false
		}, "b/p c/p d/p"},
		{"mixing never covers files", 6, func(_ []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			(*p)[0].Kind, q.AllowMixing = v1.ProviderKindFile, true
		}, ""},
		{"one min IO size", 3, func(_ []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			(*p)[0].MinIOSizeBytes, (*p)[5].MinIOSizeBytes = 4096, 4096
		}, "b/p c/p d/p"},
		{"weights turn the order", 2, func(_ []*Node, _ *[]*Pool, _ *[]Replica, q *Query) {
			q.Weights = &Weights{MaxFreeSpace: -1}
		}, "f/p e/p"},
		{"alike pools go by name", 2, func(_ []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			q.Weights = &Weights{}
		}, "a/p b/p"},
		{"alike nodes go by resource count", 2, func(n []*Node, p *[]*Pool, _ *[]Replica, _ *Query) {
			for i := range *p {
				(*p)[i].FreeKiB, n[i].ResourceCount = 7*gib, 10-i
			}
		}, "f/p e/p"},
		{"greedy would fail", 2, func(n []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			// a is best but leaves no partner, since both keys must differ.
			sites(n, "x", "x", "y")
			n[0].Props["rack"], n[1].Props["rack"], n[2].Props["rack"] = "1", "2", "1"
			*p = (*p)[:3]
			q.ReplicasOnDifferent = []string{"site", "rack"}
		}, "b/p c/p"},
		{"best group is not the one with the best pools", 2, func(n []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "x", "x", "y", "y", "z", "x")
			for i, rack := range []string{"1", "1", "1", "2", "1", "2"} {
				n[i].Props["rack"] = rack
			}
			(*p)[5].FreeKiB = 10 * gib
			q.ReplicasOnSame, q.ReplicasOnDifferent = []string{"site"}, []string{"rack"}
		}, "c/p d/p"},
		{"a little better than greedy", 2, func(n []*Node, p *[]*Pool, _ *[]Replica, q *Query) {
			sites(n, "1", "1", "1", "2", "2")
			for i, rack := range []string{"1", "2", "1", "1", "2"} {
				n[i].Props["rack"] = rack
			}
			(*p)[4].FreeKiB, *p = 59*gib, (*p)[:5]
			q.ReplicasOnDifferent = []string{"site", "rack"}
		}, "b/p d/p"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes, pools := cluster(6)
			q := Query{Resource: "r", PlaceCount: tt.count, VolumeSizesKiB: []int64{gib}}
			var d []Replica
			if tt.set != nil {
				tt.set(nodes, &pools, &d, &q)
			}
			r, err := Place(nodes, pools, d, q)
			if tt.want == "" {
				mustFail(t, err, v1.FailNotEnoughNodes)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := names(r); got != tt.want || !r.Exact {
				t.Errorf("chose %q, want %q; exact %v", got, tt.want, r.Exact)
			}
		})
	}
}

func TestPlaceDiskless(t *testing.T) {
	nodes, _ := cluster(4)
	pools := []*Pool{disklessPool("a"), disklessPool("b"), disklessPool("c"), disklessPool("d"), pool("d", "p", 50)}
	nodes[3].ResourceCount = 0
	nodes[2].ResourceCount = 9
	deployed := []Replica{replica("a"), {Node: "b", Diskless: true}, {Node: "c", Diskless: true, Tiebreaker: true}}
	q := Query{Resource: "r", Diskless: true, PlaceCount: 2, LayerStack: []v1.LayerType{"DRBD", "LUKS", "STORAGE"}}
	r := mustPlace(t, nodes, pools, deployed, q)
	if names(r) != "d/none" || r.Deployed != 1 {
		t.Errorf("chose %q, deployed %d", names(r), r.Deployed)
	}
	// A tiebreaker may become an ordinary diskless replica.
	q.PlaceCount = 3
	if r := mustPlace(t, nodes, pools, deployed, q); names(r) != "d/none c/none" {
		t.Errorf("chose %q", names(r))
	}
	q.DisklessPools = []string{"other"}
	_, err := Place(nodes, pools, deployed, q)
	mustFail(t, err, v1.FailNotEnoughNodes)
	// Diskless replicas keep away from the values of diskful ones.
	q = Query{Resource: "r", Diskless: true, PlaceCount: 1, ReplicasOnDifferent: []string{"site"}}
	sites(nodes, "x", "x", "y", "x")
	if r := mustPlace(t, nodes, pools, deployed[:1], q); names(r) != "c/none" {
		t.Errorf("chose %q", names(r))
	}
}

func TestAlreadyDeployed(t *testing.T) {
	nodes, pools := cluster(4)
	deployed := []Replica{replica("b"), replica("a"), replica("c")}
	for count, wantText := range map[int]string{3: "already reached", 2: "1 would have to be deleted from nodes: a, b, c"} {
		r := mustPlace(t, nodes, pools, deployed, Query{Resource: "r", PlaceCount: count})
		rc, ok := r.AlreadyDeployed()
		if !ok || rc.RetCode != v1.WarnResourceAlreadyDeployed || !strings.Contains(rc.Message, wantText) {
			t.Errorf("%v %+v", ok, rc)
		}
		if v := verdict(t, r, "d", "p"); v.State != Eligible || v.Code != CodeNotNeeded || v.Score <= 0 {
			t.Errorf("%+v", v)
		}
	}
	r := mustPlace(t, nodes, pools, deployed, Query{PlaceCount: 4})
	if _, ok := r.AlreadyDeployed(); ok {
		t.Error("a replica is missing")
	}
}

func TestUndecidable(t *testing.T) {
	nodes, pools := cluster(4)
	sites(nodes, "x", "y", "", "x")
	q := Query{Resource: "r", PlaceCount: 3, ReplicasOnSame: []string{"site"}}
	_, err := Place(nodes, pools, []Replica{replica("b"), replica("a")}, q)
	f := mustFail(t, err, v1.FailUndecidableAutoplacment)
	if f.Cause != "nodes with replicas disagree: a has site=x, b has site=y" || f.Correction == "" {
		t.Errorf("%+v", f)
	}
	_, err = Place(nodes, pools, []Replica{replica("c")}, q)
	if f := mustFail(t, err, v1.FailUndecidableAutoplacment); !strings.Contains(f.Cause, "no property site") {
		t.Errorf("%+v", f)
	}
	// A value in the rule decides.
	q.PlaceCount, q.ReplicasOnSame = 3, []string{"site=x"}
	if r := mustPlace(t, nodes, pools, []Replica{replica("a"), replica("b")}, q); names(r) != "d/p" {
		t.Errorf("chose %q", names(r))
	}
}

func TestFailureExplains(t *testing.T) {
	nodes, pools := cluster(5)
	nodes[1].Online, nodes[1].WhyOffline = false, "connection refused"
	nodes[2].Online, nodes[2].WhyOffline = false, "connection refused"
	pools[3].FreeKiB = 3*gib + gib/4
	pools = append(pools, disklessPool("a"))
	_, err := Place(nodes, pools, []Replica{replica("e")}, Query{Resource: "r", PlaceCount: 4, VolumeSizesKiB: []int64{10 * gib}})
	f := mustFail(t, err, v1.FailNotEnoughNodes)
	for _, c := range []struct{ in, want string }{
		{f.Message, "Not enough available nodes: 4 diskful replicas wanted for resource r, 1 deployed, 3 more needed, 1 could be placed"},
		{f.Cause, "the node is offline (connection refused): b, c"},
		{f.Correction, "Bring the satellite on b, c online"},
		{f.Correction, "lower the place count to 2"},
		{f.Details, "the node is offline (connection refused): b, c"},
		{f.Details, "needs 10 GiB, 3.25 GiB usable: free 3.25 GiB: p on d"},
		{f.Details, "Would serve: p on a"},
		{f.Details, "place count: 4"},
	} {
		if !strings.Contains(c.in, c.want) {
			t.Errorf("%q is missing in %q", c.want, c.in)
		}
	}
	if strings.Contains(f.Details, "none on a") {
		t.Errorf("pools of the other class are noise: %s", f.Details)
	}
	nodes, pools = cluster(5)
	sites(nodes, "x", "x", "y", "y", "y")
	_, err = Place(nodes, pools, nil, Query{Resource: "r", PlaceCount: 3, ReplicasOnDifferent: []string{"site"}})
	f = mustFail(t, err, v1.FailNotEnoughNodes)
	if !strings.Contains(f.Message, "2 could be placed") || !strings.Contains(f.Cause, "at most 2 together") ||
		!strings.Contains(f.Correction, "other values of site") {
		t.Errorf("%+v", f)
	}
	_, err = Place(nil, nil, nil, Query{PlaceCount: 1})
	if f = mustFail(t, err, v1.FailNotEnoughNodes); !strings.Contains(f.Details, "There is no storage pool") {
		t.Errorf("%+v", f)
	}
}

func TestWhyNot(t *testing.T) {
	nodes, pools := cluster(5)
	sites(nodes, "x", "y", "x", "z", "v")
	pools = append(pools, pool("a", "q", 1))
	pools[3].Kind = v1.ProviderKindZfs
	r := mustPlace(t, nodes, pools, nil, Query{PlaceCount: 2, ReplicasOnDifferent: []string{"site"}})
	for at, want := range map[string]string{
		"a/p": "chosen", "b/p": "chosen",
		"a/q": "pool p of the same node was chosen",
		"c/p": "enough replicas have site=x",
		"d/p": "its kind does not mix with LVM of node a",
		"e/p": "would serve, but others score higher",
	} {
		n, p, _ := strings.Cut(at, "/")
		if v := verdict(t, r, n, p); v.Reason() != want {
			t.Errorf("%s: %q, want %q", at, v.Reason(), want)
		}
	}
}
