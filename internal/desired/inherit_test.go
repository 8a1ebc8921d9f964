package desired_test

import (
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestInheritance: the closest object wins, and what it hides is named with its origin.
func TestInheritance(t *testing.T) {
	w := add(t, cluster(t), "thin", "", "alpha", "bravo")
	const disk, net, opt = "DrbdOptions/Disk/al-extents", "DrbdOptions/Net/max-buffers", "DrbdOptions/Resource/quorum"
	w, _ = step(t, w, func(tx *model.Tx) error {
		tx.SetController(&model.Controller{Props: map[string]string{disk: "1", net: "1", opt: "off"}})
		g, _ := tx.Groups.Get("grp")
		ng := *g
		ng.Props = map[string]string{disk: "2", net: "2"}
		tx.PutGroup(&ng)
		n, _ := tx.Nodes.Get("alpha")
		nn := *n
		nn.Props = maps.Clone(n.Props)
		nn.Props[opt] = "majority"
		tx.PutNode(&nn)
		d, _ := tx.Definitions.Get("web")
		nd := *d
		nd.Volumes = append([]model.VolumeDefinition(nil), d.Volumes...)
		nd.Volumes[0].Props = maps.Clone(d.Volumes[0].Props)
		nd.Volumes[0].Props[disk] = "3"
		tx.PutDefinition(&nd)
		tx.PutNodeConn(&model.NodeConnection{A: "alpha", B: "bravo", Props: map[string]string{net: "4", "Paths/fast/alpha": "fast", "Paths/fast/bravo": "fast"}})
		tx.PutResourceConn(&model.ResourceConnection{Definition: "web", A: "alpha", B: "bravo", Props: map[string]string{"DrbdOptions/PeerDevice/c-max-rate": "5"}})
		return nil
	})
	got := instruction(t, w, "alpha").DRBD
	over := func(value, from string) link.DRBDOverride { return link.DRBDOverride{Value: value, From: from} }
	want := link.DRBD{
		Disk:    []link.DRBDOption{{Name: "al-extents", Value: "2", Overrides: []link.DRBDOverride{over("1", "C")}}},
		Net:     []link.DRBDOption{{Name: "max-buffers", Value: "2", Overrides: []link.DRBDOverride{over("1", "C")}}},
		Options: []link.DRBDOption{{Name: "quorum", Value: "majority", Overrides: []link.DRBDOverride{over("off", "C")}}},
		Connections: []link.DRBDConnection{{A: "alpha", B: "bravo",
			Net:        []link.DRBDOption{{Name: "max-buffers", Value: "4", Overrides: []link.DRBDOverride{over("2", "RG (grp)"), over("1", "C")}}},
			PeerDevice: []link.DRBDOption{{Name: "c-max-rate", Value: "5"}},
			Paths:      []link.DRBDPath{{Name: "fast", AddressA: "10.1.0.1", PortA: 7000, AddressB: "10.1.0.2", PortB: 7000}}}},
	}
	have := link.DRBD{Disk: got.Disk, Net: got.Net, Options: got.Options, Connections: got.Connections}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	own := map[int][]link.DRBDOption{0: {{Name: "al-extents", Value: "3", Overrides: []link.DRBDOverride{over("2", "RG (grp)"), over("1", "C")}}}}
	if diff := cmp.Diff(own, got.Nodes[0].VolumeOptions); diff != "" {
		t.Errorf("volume options (-want +got):\n%s", diff)
	}
	if got.Nodes[1].VolumeOptions != nil {
		t.Error("the peer's disk options are none of this node's business")
	}
}

// TestWhoIsTold: an instruction changes when what its node has to know does, and the
// definition is touched then, so that its node is told.
func TestWhoIsTold(t *testing.T) {
	base := add(t, cluster(t), "thin", "", "alpha", "bravo", "charlie")
	resource := func(tx *model.Tx, node string, change func(*model.Resource)) error {
		r, _ := tx.Resources.Get("web", node)
		next := *r
		change(&next)
		tx.PutResource(&next)
		return nil
	}
	node := func(tx *model.Tx, name string, change func(*model.Node)) error {
		n, _ := tx.Nodes.Get(name)
		next := *n
		next.Props = maps.Clone(n.Props)
		next.Interfaces = append([]model.NetInterface(nil), n.Interfaces...)
		change(&next)
		tx.PutNode(&next)
		return nil
	}
	all := "alpha bravo charlie "
	for name, c := range map[string]struct {
		change func(tx *model.Tx) error
		told   string
	}{
		"peer goes": {func(tx *model.Tx) error {
			return resource(tx, "charlie", func(r *model.Resource) { at := time.Unix(5, 0); r.Deleting = &at })
		}, "charlie "},
		"peer inactive": {func(tx *model.Tx) error {
			return resource(tx, "charlie", func(r *model.Resource) { r.Inactive = true })
		}, "charlie "},
		"inactive peer has let go": {func(tx *model.Tx) error {
			return resource(tx, "charlie", func(r *model.Resource) {
				own := *r.DRBD
				own.Parted = true
				r.Inactive, r.DRBD = true, &own
			})
		}, all},
		"removal asked for": {func(tx *model.Tx) error {
			return resource(tx, "bravo", func(r *model.Resource) { r.Toggle = model.ToggleRemoveRequested })
		}, ""},
		"disk removed": {func(tx *model.Tx) error {
			return resource(tx, "bravo", func(r *model.Resource) { r.Toggle = model.ToggleRemoving })
		}, "bravo "},
		"own disk option": {func(tx *model.Tx) error {
			return resource(tx, "bravo", func(r *model.Resource) { r.Props = map[string]string{"DrbdOptions/Disk/al-updates": "no"} })
		}, "bravo "},
		"own note": {func(tx *model.Tx) error {
			return resource(tx, "bravo", func(r *model.Resource) { r.Props = map[string]string{"Aux/a": "b"} })
		}, ""},
		"address": {func(tx *model.Tx) error {
			return node(tx, "bravo", func(n *model.Node) { n.Interfaces[0].Address = "10.9.9.9" })
		}, all},
		"preferred nic": {func(tx *model.Tx) error {
			return node(tx, "bravo", func(n *model.Node) { n.Props["PrefNic"] = "fast" })
		}, all},
		"note on the node": {func(tx *model.Tx) error { return node(tx, "bravo", func(n *model.Node) { n.Props["Aux/a"] = "b" }) }, ""},
		"other node": {func(tx *model.Tx) error {
			return node(tx, "delta", func(n *model.Node) { n.Props["PrefNic"] = "fast" })
		}, ""},
		"pool": {func(tx *model.Tx) error {
			tx.PutPool(&model.Pool{Node: "bravo", Name: "thin", Kind: "LVM_THIN", Props: map[string]string{"PrefNic": "fast"}})
			return nil
		}, all},
		"pair of nodes": {func(tx *model.Tx) error {
			tx.PutNodeConn(&model.NodeConnection{A: "alpha", B: "bravo", Props: map[string]string{"DrbdOptions/Net/ping-int": "3"}})
			return nil
		}, "alpha bravo "},
		"pair of replicas": {func(tx *model.Tx) error {
			tx.PutResourceConn(&model.ResourceConnection{Definition: "web", A: "bravo", B: "charlie", Props: map[string]string{"DrbdOptions/Net/ping-int": "3"}})
			return nil
		}, "bravo charlie "},
		"group": {func(tx *model.Tx) error {
			tx.PutGroup(&model.Group{Name: "grp", UUID: "grp", Props: map[string]string{"DrbdOptions/Handlers/fence-peer": "x"}})
			return nil
		}, all},
	} {
		w, touched := step(t, base, c.change)
		got := ""
		for _, n := range []string{"alpha", "bravo", "charlie"} {
			if instruction(t, base, n).Fingerprint != instruction(t, w, n).Fingerprint {
				got += n + " "
			}
		}
		if got != c.told {
			t.Errorf("%s: instructions of %q change, want %q", name, got, c.told)
		}
		if got != "" && touched.Definitions["WEB"] == "" {
			t.Errorf("%s: the definition is not touched", name)
		}
	}
}
