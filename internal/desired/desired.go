// Package desired derives from the cluster's state what each node shall have, in
// the words of the controller–satellite link. It is pure: the same world always
// gives the same instruction, with the same fingerprint.
package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Resource is the instruction for one replica.
func Resource(w *model.World, r *model.Resource) link.Resource {
	out := link.Resource{
		Name: r.Definition, UUID: r.UUID, Stack: r.Stack, Diskless: Diskless(r),
		Inactive: r.Inactive || Joining(r), Delete: deleted(w, r),
	}
	d, ok := w.Definitions.Get(r.Definition)
	if !ok {
		// A replica without its definition is never destroyed by inference.
		out.Delete = false
		out.Fingerprint = fingerprint(out, r)
		return out
	}
	out.Name = d.Name
	for _, v := range r.Volumes {
		if vd, ok := d.Volume(v.Number); ok && !tooEarly(w, d, vd, r, v) {
			out.Volumes = append(out.Volumes, volume(w, d, vd, r, v))
		}
	}
	out.DRBD = drbd(w, d, r)
	out.NVMe = nvme(w, d, r)
	out.Snapshots = snapshots(w, d, d.Name, r.Node)
	out.Fingerprint = fingerprint(out, r)
	return out
}

func volume(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v model.Volume) link.Volume {
	out := link.Volume{
		Number: v.Number, UUID: v.UUID, Pool: v.Pool, SizeKiB: vd.SizeKiB, Gross: vd.Gross,
		Create: !v.Created && MayMake(r) && (r.Deleting == nil || deleted(w, r)), Delete: deleted(w, r) || vd.Deleting != nil,
		Elsewhere: deleted(w, r) && vd.Deleting == nil && elsewhere(w, d, r, v),
		Drop:      r.Toggle == model.ToggleRemoving, Props: inherited(w, r, v, volumeProps(w, d, vd, r, v)), Parts: parts(v),
		Format: v.Format && r.Deleting == nil && vd.Deleting == nil,
	}
	encrypted(w, r, v, &out)
	return out
}

// deleted tells whether a replica is to be taken away now.
func deleted(w *model.World, r *model.Resource) bool {
	return Leaves(r) && len(Initiators(w, r)) == 0
}

// Leaves tells whether the deletion of a replica is under way, and not put off.
func Leaves(r *model.Resource) bool {
	return r.Deleting != nil && (r.DRBD == nil || !r.DRBD.Waits)
}

// MayMake tells whether a replica's volumes may be made at all: not before peers know
// of a new disk, nor while one is being removed. One that waits to be removed may have
// to be made first: the others could be waiting for its data.
func MayMake(r *model.Resource) bool {
	return r.Toggle == model.ToggleNone || r.Toggle == model.ToggleAdding || r.Toggle == model.ToggleRemoveRequested
}

// parts are the further devices of a volume.
func parts(v model.Volume) []link.Part {
	var out []link.Part
	for _, p := range v.Parts {
		out = append(out, link.Part{Suffix: p.Suffix, UUID: v.UUID + p.Suffix, Pool: p.Pool, SizeKiB: p.SizeKiB})
	}
	return out
}

// volumeProps are the storage driver's properties in effect for a volume.
func volumeProps(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v model.Volume) map[string]string {
	levels := []map[string]string{v.Props, r.Props, vd.Props, d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		if vg, ok := g.Volume(vd.Number); ok {
			levels = append(levels, vg.Props)
		}
		levels = append(levels, g.Props)
	}
	return namespaces(volumeNamespaces, levels...)
}

// volumeNamespaces are the properties that layers and providers on a node go by.
var volumeNamespaces = []string{"StorDriver/", "Writecache/", "Cache/", "BCache/", "FileSystem/", "Luks/", "NVMe/", "sys/fs/"}

// Pool is the instruction for one storage pool: its properties with those it
// inherits from its definition, its node and the controller.
func Pool(w *model.World, p *model.Pool) link.Pool {
	levels := []map[string]string{p.Props}
	if d, ok := w.PoolDefinitions.Get(p.Name); ok {
		levels = append(levels, d.Props)
	}
	if n, ok := w.Nodes.Get(p.Node); ok {
		levels = append(levels, n.Props)
	}
	levels = append(levels, w.Props())
	return link.Pool{Name: p.Name, Kind: p.Kind, Backing: p.Props[model.KeyPoolBacking],
		Props: namespaces([]string{"StorDriver/"}, levels...)}
}

// namespaces merges the properties of some namespaces; earlier levels win.
func namespaces(prefixes []string, levels ...map[string]string) map[string]string {
	var out map[string]string
	for _, l := range levels {
		for k, v := range l {
			in := func(prefix string) bool { return len(k) > len(prefix) && strings.HasPrefix(k, prefix) }
			if k == model.KeyPoolBacking || !slices.ContainsFunc(prefixes, in) {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			if _, taken := out[k]; !taken {
				out[k] = v
			}
		}
	}
	return out
}

// fingerprint tells one instruction from another; one that was taken back and given
// again is another one.
func fingerprint(r link.Resource, of *model.Resource) string {
	r.Fingerprint = ""
	// That a volume has been made changes nothing for the satellite that made it.
	r.Volumes = slices.Clone(r.Volumes)
	for i := range r.Volumes {
		r.Volumes[i].Create, r.Volumes[i].Format = false, false
	}
	withoutPassphrases(r.Volumes)
	if r.DRBD != nil {
		// How new metadata begins counts only together with that grant.
		d := *r.DRBD
		d.Volumes = slices.Clone(d.Volumes)
		for i := range d.Volumes {
			d.Volumes[i].Start, d.Volumes[i].Anew = "", false
		}
		r.DRBD = &d
	}
	// Marshalling plain data with sorted map keys cannot fail and is stable.
	data, _ := json.Marshal(r)
	if n := of.Deletions + of.Removals; n > 0 {
		data = strconv.AppendInt(data, int64(n), 10)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8])
}
