// Package mixing holds the rules on replicas of one volume that lie on storage of unlike
// kinds, and of unlike block sizes. Placing by hand and by the placer both follow it.
package mixing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
)

const (
	keyAllow = "AllowMixingStoragePoolDriver"
	// drbdModule is the name by which a node tells the version of its kernel's DRBD.
	drbdModule = "drbd"
)

// disk is one replica's storage of a volume.
type disk struct {
	node, pool string
	kind       v1.ProviderKind
}

// Check refuses that a volume of replica r lies in a pool whose kind does not go with
// those of the other replicas. r need not be part of w, nor d be what w has of it.
func Check(w *model.World, d *model.Definition, r *model.Resource, number int) error {
	if !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return nil
	}
	own, ok := diskOf(w, r, number)
	if !ok {
		return nil
	}
	if err := checkBlock(w, d, r, number, own); err != nil {
		return err
	}
	disks := append([]disk{own}, others(w, d.Name, r.Node, number)...)
	if !mixed(own, disks) {
		return nil
	}
	kinds := make([]v1.ProviderKind, len(disks))
	for i, o := range disks {
		kinds[i] = o.kind
	}
	if f := name.CheckMix(kinds, allows(w, d), capable(w, disks)); f != nil {
		return f.Detail("%s", describe(w, disks)).Ref("RscDfn", d.Name).Ref("Node", r.Node)
	}
	if desired.ExactSize(w, d) {
		return nil
	}
	return fault.New(v1.FailStoragePoolMixingNotAllowed, "Resource '%s' cannot get storage of another kind on node '%s'.", d.Name, r.Node).
		Because("%s rounds the size of a volume in another way than the storage of the other replicas, and property '%s' is not true", own.kind, desired.KeyExactSize).
		Fix("Use a storage pool of the same kind, or set the property on the resource definition or its group before its first replica is made.").
		Detail("%s", describe(w, disks)).Ref("RscDfn", d.Name).Ref("Node", r.Node)
}

// CheckAll is Check for all volumes of a replica.
func CheckAll(w *model.World, d *model.Definition, r *model.Resource) error {
	for _, v := range r.Volumes {
		if err := Check(w, d, r, v.Number); err != nil {
			return err
		}
	}
	return nil
}

// Allowed tells whether the placer may choose pools of unlike kinds for a definition.
func Allowed(w *model.World, d *model.Definition) bool {
	return allows(w, d) && desired.ExactSize(w, d)
}

// Capable tells whether a node's DRBD replicates between storage of unlike kinds; a
// node that has not told its version counts as one that does not.
func Capable(w *model.World, node string) bool {
	st, _ := w.NodeStatus.Get(node)
	return CapableHost(st)
}

// CapableHost is Capable for what is known of a satellite; nil is nothing.
func CapableHost(st *model.NodeStatus) bool {
	return st != nil && st.Host != nil && name.DRBDMixes(st.Host.Versions[drbdModule])
}

// CheckExact refuses that property ExactSize comes into force for a definition whose
// devices are larger than that: the end of a device in use would be cut off. before is
// the world without the change.
func CheckExact(before, w *model.World, d *model.Definition) error {
	if was, ok := before.Definitions.Get(d.Name); !ok || desired.ExactSize(before, was) || !desired.ExactSize(w, d) {
		return nil
	}
	for _, vd := range d.Volumes {
		if vd.Deleting == nil {
			if err := checkExact(w, d, vd); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkExact(w *model.World, d *model.Definition, vd model.VolumeDefinition) error {
	refuse := func(cause string, args ...any) error {
		return fault.New(v1.FailInvalidProp, "Property '%s' cannot be set for resource definition '%s'.", desired.KeyExactSize, d.Name).
			Because(cause, args...).
			Fix("Set it before the first replica is made; for data that is there already, copy it to a new resource definition with the property.").
			Ref("RscDfn", d.Name).Ref("VlmNr", strconv.Itoa(vd.Number))
	}
	unknown := ""
	for r := range w.Resources.Under(d.Name) {
		v, has := r.Volume(vd.Number)
		if _, stored := diskOf(w, r, vd.Number); !has || !stored || r.DRBD == nil {
			continue
		}
		st, _ := w.ResourceStatus.Get(d.Name, r.Node)
		vs, _ := st.Volume(vd.Number)
		exact := desired.ExactKiB(vd, r, v)
		switch {
		case vs.UsableKiB == 0:
			unknown = r.Node
		case vs.UsableKiB > exact:
			return refuse("volume %d has %d KiB on node '%s' and would be cut off at %d KiB", vd.Number, vs.UsableKiB, r.Node, exact)
		}
	}
	if unknown != "" {
		return refuse("the size of volume %d on node '%s' is not known now; it would be cut off if it is more than wanted", vd.Number, unknown)
	}
	return nil
}

func allows(w *model.World, d *model.Definition) bool {
	levels := []map[string]string{d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		levels = append(levels, g.Props)
	}
	for _, props := range append(levels, w.Props()) {
		if v, ok := props[keyAllow]; ok {
			return strings.EqualFold(v, "true") || strings.EqualFold(v, "yes")
		}
	}
	return false
}

// others are the disks that other replicas have of a volume, also those on their way:
// one that is being taken away has data until it is gone. Replicas that are deleted
// take no part in replication any more.
func others(w *model.World, definition, node string, number int) []disk {
	var out []disk
	for r := range w.Resources.Under(definition) {
		if model.Key(r.Node) == model.Key(node) || r.Deleting != nil || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
			continue
		}
		if d, ok := diskOf(w, r, number); ok {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b disk) int { return strings.Compare(a.node, b.node) })
	return out
}

func diskOf(w *model.World, r *model.Resource, number int) (disk, bool) {
	v, ok := r.Volume(number)
	if !ok {
		return disk{}, false
	}
	p, ok := w.Pools.Get(r.Node, v.Pool)
	if !ok || p.Diskless() {
		return disk{}, false
	}
	return disk{node: r.Node, pool: p.Name, kind: p.Kind}, true
}

// mixed tells whether a disk is of another kind than one of the others; what they are
// among each other is settled.
func mixed(own disk, disks []disk) bool {
	return slices.ContainsFunc(disks, func(o disk) bool { return name.Mix(own.kind, o.kind) != name.MixFree })
}

func capable(w *model.World, disks []disk) bool {
	return !slices.ContainsFunc(disks, func(o disk) bool { return !Capable(w, o.node) })
}

func describe(w *model.World, disks []disk) string {
	var out []string
	for _, o := range disks {
		version := ""
		if st, ok := w.NodeStatus.Get(o.node); ok && st.Host != nil {
			version = st.Host.Versions[drbdModule]
		}
		if version == "" {
			version = "of unknown version"
		}
		out = append(out, fmt.Sprintf("Node '%s': storage pool '%s' of kind %s, DRBD %s.", o.node, o.pool, o.kind, version))
	}
	return strings.Join(out, "\n")
}
