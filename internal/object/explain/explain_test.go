package explain_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/explain"
)

var update = flag.Bool("update", false, "write golden files anew")

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// world is three nodes with DRBD and resource web, which wants two disks.
func world(change func(tx *model.Tx)) *model.World {
	tx := model.NewWorld().Begin(model.Env{Now: noon, NewUUID: func() string { return "u" }})
	tx.SetController(&model.Controller{Props: map[string]string{"DrbdOptions/AutoEvictAllowEviction": "True"}})
	count := v1.FlexInt(2)
	tx.PutGroup(&model.Group{Name: "g", Filter: v1.AutoSelectFilter{PlaceCount: &count}})
	tx.PutDefinition(&model.Definition{Name: "web", UUID: "d", Group: "g", Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage},
		Props: map[string]string{}, Volumes: []model.VolumeDefinition{{SizeKiB: 1024, Minor: 1000}}})
	for _, n := range []string{"n1", "n2", "n3"} {
		tx.PutNode(&model.Node{Name: n, UUID: n, Type: model.NodeSatellite, Active: "default", Interfaces: []model.NetInterface{{Name: "default", Address: "10.0.0.1"}}})
		tx.PutPool(&model.Pool{Node: n, Name: "pool", Kind: v1.ProviderKindLvmThin})
		tx.SetNodeStatus(&model.NodeStatus{Node: n, State: model.ConnOnline, Since: noon, Host: &model.HostInfo{Crypto: []string{"md5"},
			LayerSet: map[v1.LayerType]bool{v1.LayerTypeDrbd: true, v1.LayerTypeStorage: true}, ProviderSet: map[v1.ProviderKind]bool{v1.ProviderKindLvmThin: true}}})
	}
	change(tx)
	// Every satellite has reported on what it was told last.
	told := tx.Commit(1)
	tx = told.Begin(model.Env{Now: noon})
	for st := range told.ResourceStatus.All {
		r, _ := told.Resources.Get(st.Definition, st.Node)
		next := *st
		next.Fingerprint = desired.Resource(told, r).Fingerprint
		tx.SetResourceStatus(&next)
	}
	return tx.Commit(2)
}

// put adds a replica with what its satellite says of it.
func put(tx *model.Tx, node string, kind model.Disklessness, disk string, more func(r *model.Resource, st *model.ResourceStatus)) {
	made, no := noon, false
	r := &model.Resource{Definition: "web", Node: node, UUID: node, Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}, Diskless: kind, Created: &made,
		Props: map[string]string{}, DRBD: &model.ReplicaDRBD{PeerSlots: 7}, Volumes: []model.Volume{{Pool: "pool", Created: true}}}
	st := &model.ResourceStatus{Definition: "web", Node: node, Progress: model.ProgressReady, InUse: &no, DRBD: &link.DRBDReport{},
		Volumes: []model.VolumeStatus{{UsableKiB: 1024, DiskState: disk}}}
	if more != nil {
		more(r, st)
	}
	tx.PutResource(r)
	tx.SetResourceStatus(st)
}

func define(tx *model.Tx, change func(d *model.Definition)) {
	d, _ := tx.Definitions.Get("web")
	next := *d
	change(&next)
	tx.PutDefinition(&next)
}

// used is a replica whose device has been open since noon.
func used(_ *model.Resource, st *model.ResourceStatus) {
	yes, since := true, noon
	st.InUse, st.InUseSince = &yes, &since
}

var cases = map[string]func(tx *model.Tx){
	"quorum": func(tx *model.Tx) {
		for _, n := range []string{"n1", "n2", "n3"} {
			put(tx, n, model.Diskful, "UpToDate", nil)
		}
		define(tx, func(d *model.Definition) {
			d.Props = map[string]string{"DrbdOptions/Resource/quorum": "majority", "DrbdOptions/auto-verify-alg": "md5"}
		})
	},
	"quorum-by-user": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		define(tx, func(d *model.Definition) {
			d.Props = map[string]string{"DrbdOptions/Resource/quorum": "off", "Internal/Drbd/QuorumSetBy": "user", "DrbdOptions/Net/verify-alg": "sha256"}
		})
	},
	"quorum-old-drbd": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		st, _ := tx.NodeStatus.Get("n2")
		next, host := *st, *st.Host
		host.Versions = map[string]string{"drbd": "9.0.12"}
		next.Host = &host
		tx.SetNodeStatus(&next)
	},
	"tiebreaker-missing": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
	},
	"tiebreaker": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		put(tx, "n3", model.Tiebreaker, "Diskless", nil)
	},
	"auto-diskful": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		put(tx, "n3", model.DRBDDiskless, "Diskless", used)
		define(tx, func(d *model.Definition) { d.Props = map[string]string{"DrbdOptions/auto-diskful": "30"} })
	},
	"auto-evict": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		tx.SetNodeStatus(&model.NodeStatus{Node: "n2", State: model.ConnOffline, Why: "no route to host", Since: noon})
	},
	"evicted": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", func(r *model.Resource, _ *model.ResourceStatus) { r.Inactive = true })
		n, _ := tx.Nodes.Get("n2")
		next := *n
		next.Evicted = true
		tx.PutNode(&next)
		tx.SetNodeStatus(&model.NodeStatus{Node: "n2", State: model.ConnOffline, Why: "no route to host", Since: noon})
	},
	"skip-disk": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "Diskless", func(r *model.Resource, st *model.ResourceStatus) {
			r.Props["DrbdOptions/SkipDisk"] = "True"
			st.DRBD.Warnings = []string{"The lower devices are not used (DrbdOptions/SkipDisk): data is read from and written to peers only."}
		})
	},
	"kept-apart": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "Diskless", func(r *model.Resource, st *model.ResourceStatus) {
			r.Props["DrbdOptions/SkipDisk"] = "True"
			r.DRBD.Unaware = []string{"n1"}
			st.DRBD.Warnings = []string{"The lower devices are not used (DrbdOptions/SkipDisk): data is read from and written to peers only."}
		})
	},
	"left-out": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", func(_ *model.Resource, st *model.ResourceStatus) {
			st.DRBD.Warnings = []string{"DRBD's net option tls is left out: it needs drbd-utils 9.26.0, the node has 9.22.0."}
		})
		put(tx, "n2", model.Diskful, "UpToDate", nil)
	},
	"balance-off": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		define(tx, func(d *model.Definition) {
			d.Props = map[string]string{"BalanceResourcesEnabled": "false", "DrbdOptions/auto-verify-algo-disable": "true"}
		})
	},
	"balance-young": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
	},
	"balance-resync": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", nil)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		put(tx, "n3", model.Diskful, "Inconsistent", func(_ *model.Resource, st *model.ResourceStatus) {
			st.DRBD.Links = []link.DRBDLink{{Peer: "n1", Volumes: []link.DRBDPeerVolume{{Replication: "SyncTarget"}}}}
		})
	},
	"block-size": func(tx *model.Tx) {
		put(tx, "n1", model.Diskful, "UpToDate", used)
		put(tx, "n2", model.Diskful, "UpToDate", nil)
		define(tx, func(d *model.Definition) {
			d.Volumes = []model.VolumeDefinition{{SizeKiB: 1024, Minor: 1000, Props: map[string]string{
				"DrbdOptions/Disk/block-size": "4096", "Linstor/Drbd/freeze-block-size": "True"}}}
		})
	},
}

// The words by which each automatism explains itself.
func TestExplanations(t *testing.T) {
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(change)
			d, _ := w.Definitions.Get("web")
			var b strings.Builder
			for _, e := range explain.Resource(w, d) {
				fmt.Fprintf(&b, "%s\n", e.Object)
				for _, f := range [][2]string{{"wanted", e.Wanted}, {"have", e.Have}, {"missing", e.Missing}, {"why", e.Why}, {"correction", e.Correction}} {
					if f[1] != "" {
						fmt.Fprintf(&b, "    %s: %s\n", f[0], f[1])
					}
				}
			}
			path := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), b.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		})
	}
}
