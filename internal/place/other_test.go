package place

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/holdfast-storage/holdfast/api/v1"
)

func TestScores(t *testing.T) {
	nodes, pools := cluster(2)
	nodes[0].ResourceCount, nodes[1].ResourceCount = 10, 5
	pools[0].FreeKiB, pools[1].FreeKiB = 40*gib, 80*gib
	pools[0].ReservedKiB, pools[1].ReservedKiB = 10*gib, 20*gib
	pools[0].MaxThroughput, pools[1].MaxThroughput, pools[1].UsedThroughput = 100, 300, 100
	tests := []struct {
		w    Weights
		a, b float64
	}{
		{Weights{MaxFreeSpace: 1}, 0.5, 1},
		{Weights{MinReservedSpace: 2}, -1, -2},
		{Weights{MinRscCount: 1}, -1, -0.5},
		{Weights{MaxThroughput: 1}, 0.5, 1},
		{Weights{MaxFreeSpace: 1, MinReservedSpace: 2, MinRscCount: 1, MaxThroughput: 1}, -1, -0.5},
	}
	for _, tt := range tests {
		r := mustPlace(t, nodes, pools, nil, Query{PlaceCount: 1, Weights: &tt.w})
		if a, b := r.Verdicts[0].Score, r.Verdicts[1].Score; a != tt.a || b != tt.b {
			t.Errorf("%+v: %v %v, want %v %v", tt.w, a, b, tt.a, tt.b)
		}
	}
	// Throughput below zero: the smaller overdraft is better.
	pools[0].UsedThroughput, pools[1].UsedThroughput = 110, 700
	r := mustPlace(t, nodes, pools, nil, Query{PlaceCount: 1, Weights: &Weights{MaxThroughput: 1}})
	if names(r) != "a/p" {
		t.Errorf("chose %s", names(r))
	}
}

func TestMaxVolumeSize(t *testing.T) {
	nodes, pools := cluster(4) // 100, 90, 80, 70 GiB
	size := func(q Query, d ...Replica) int64 {
		t.Helper()
		s, err := MaxVolumeSize(nodes, pools, d, q)
		if err != nil {
			t.Fatal(err)
		}
		return s.MaxVolumeSizeKiB / gib
	}
	if got := size(Query{PlaceCount: 3}); got != 80 {
		t.Errorf("n-th best pool: %d", got)
	}
	if got := size(Query{PlaceCount: 3}, replica("a")); got != 80 {
		t.Errorf("with a deployed replica: %d", got)
	}
	sites(nodes, "x", "x", "x", "y")
	if got := size(Query{PlaceCount: 2, ReplicasOnDifferent: []string{"site"}}); got != 70 {
		t.Errorf("constraints matter: %d", got)
	}
	s, err := MaxVolumeSize(nodes, pools, nil, Query{PlaceCount: 2})
	if err != nil || s.AvailableKiB != 340*gib || s.CapacityKiB != 4000*gib || s.AllThin || len(s.Next) != 2 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err = MaxVolumeSize(nodes, pools, nil, Query{PlaceCount: 5}); err == nil {
		t.Error("five of four nodes")
	}
	pools = append(pools, thinPool("a", "thin", 50, 100), thinPool("b", "thin", 20, 100), pool("a", "single", 5))
	all, err := MaxVolumeSizes(nodes, pools, nil, Query{PlaceCount: 2})
	if err != nil || len(all) != 2 || all[0].Pool != "p" || all[1].Pool != "thin" ||
		all[1].MaxVolumeSizeKiB != 20*gib || !all[1].AllThin || all[0].AllThin {
		t.Errorf("%+v %v", all, err)
	}
}

func TestUnplace(t *testing.T) {
	tests := []struct {
		name string
		n    int
		set  func(n []*Node, d []Replica, q *Query)
		want string
	}{
		{"worst score goes", 1, nil, "d"},
		{"two go", 2, nil, "d c"},
		{"not up to date goes first", 1, func(_ []*Node, d []Replica, _ *Query) { d[0].UpToDate = false }, "a"},
		{"violations outweigh the score", 2, func(n []*Node, d []Replica, q *Query) {
			sites(n, "x", "x", "y", "z")
			q.ReplicasOnDifferent = []string{"site"}
		}, "b d"},
		{"two violations outweigh one", 1, func(n []*Node, d []Replica, q *Query) {
			q.StoragePools, d[1].Ready, d[0].Ready, d[0].Pool = []string{"p"}, false, false, "q"
		}, "a"},
		{"odd one out", 1, func(n []*Node, d []Replica, q *Query) {
			sites(n, "x", "y", "x", "x")
			q.ReplicasOnSame = []string{"site"}
		}, "b"},
		{"never in use, in grace or diskless", 4, func(_ []*Node, d []Replica, _ *Query) {
			d[0].Diskless, d[1].InUse, d[2].InGrace = true, true, true
		}, "d"},
		{"never the last up to date", 4, func(_ []*Node, d []Replica, _ *Query) {
			d[1].UpToDate, d[2].UpToDate, d[3].UpToDate = false, false, false
		}, "d c b"},
		{"nothing goes while nothing is up to date", 4, func(_ []*Node, d []Replica, _ *Query) {
			for i := range d {
				d[i].UpToDate = false
			}
		}, ""},
		{"a replica being deleted is no safety", 4, func(_ []*Node, d []Replica, _ *Query) {
			d[0].Deleting, d[1].UpToDate, d[2].UpToDate = true, false, false
		}, "c b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes, pools := cluster(4)
			d := []Replica{replica("a"), replica("b"), replica("c"), replica("d")}
			var q Query
			if tt.set != nil {
				tt.set(nodes, d, &q)
			}
			out, err := Unplace(nodes, pools, d, q, tt.n)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]string, tt.n)
			for _, r := range out {
				if r.Remove {
					got[r.Order-1] = r.Node
				} else if r.Keep == "" && len(strings.Fields(tt.want)) < tt.n {
					t.Errorf("%s stays without a reason", r.Node)
				}
			}
			if s := strings.TrimSpace(strings.Join(got, " ")); s != tt.want {
				t.Errorf("removed %q, want %q", s, tt.want)
			}
		})
	}
}

func TestExplain(t *testing.T) {
	nodes, pools := cluster(3)
	nodes[0].Online = false
	r := mustPlace(t, nodes, append(pools, disklessPool("b")), nil, Query{Resource: "r", PlaceCount: 1})
	got, err := json.Marshal(Explain(&r))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"resource":"r","class":"diskful","wanted":1,"deployed":0,"needed":1,"found":1,"exact":true,"score_sum":1,"rows":[` +
		`{"node_name":"b","storage_pool":"p","provider_kind":"LVM","verdict":"chosen","code":"chosen","score":1,"usable_kib":94371840,"reason":"chosen"},` +
		`{"node_name":"c","storage_pool":"p","provider_kind":"LVM","verdict":"eligible","code":"lower_score","score":0.8888888888888888,"usable_kib":83886080,"reason":"would serve, but others score higher"},` +
		`{"node_name":"a","storage_pool":"p","provider_kind":"LVM","verdict":"rejected","code":"offline","usable_kib":104857600,"reason":"the node is offline"},` +
		`{"node_name":"b","storage_pool":"none","provider_kind":"DISKLESS","verdict":"rejected","code":"wrong_class","reason":"not a pool for diskful replicas"}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestKinds(t *testing.T) {
	mix := func(a, b v1.ProviderKind, mixed bool) bool { return familiesOf(a, mixed)&familiesOf(b, mixed) != 0 }
	const lvm, thin, zfs, zt = v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin
	const file, ft, none = v1.ProviderKindFile, v1.ProviderKindFileThin, v1.ProviderKindDiskless
	tests := []struct {
		a, b          v1.ProviderKind
		always, mixed bool
	}{
		{lvm, lvm, true, true}, {thin, thin, true, true}, {zfs, zt, true, true}, {file, ft, true, true},
		{lvm, thin, false, true}, {lvm, zfs, false, true}, {thin, zt, false, true}, {lvm, file, false, false},
		{none, lvm, true, true}, {none, file, true, true}, {kindStorageSpaces, lvm, true, true},
		{kindStorageSpacesThin, zfs, true, true}, {kindStorageSpaces, file, false, false}, {"NEW", "NEW", false, false},
	}
	for _, tt := range tests {
		if mix(tt.a, tt.b, false) != tt.always || mix(tt.b, tt.a, true) != tt.mixed {
			t.Errorf("%s and %s", tt.a, tt.b)
		}
	}
}
