package desired

import (
	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Instruction is what a node shall have of a definition: a replica, or what has
// outlived it there; ok is false where it shall have nothing.
func Instruction(w *model.World, definition, node string) (out link.Resource, ok bool) {
	if r, ok := w.Resources.Get(definition, node); ok {
		return Resource(w, r), true
	}
	if holdsSnapshot(w, definition, node) {
		return leftover(w, definition, node), true
	}
	return link.Resource{}, false
}

// Tends tells whether a node has an instruction about a definition.
func Tends(w *model.World, definition, node string) bool {
	if _, ok := w.Resources.Get(definition, node); ok {
		return true
	}
	return holdsSnapshot(w, definition, node)
}

func holdsSnapshot(w *model.World, definition, node string) bool {
	for s := range w.Snapshots.Under(definition) {
		if _, has := s.On(node); has {
			return true
		}
	}
	return false
}

// Leftovers are the instructions of a node about snapshots whose replica there is gone.
func Leftovers(w *model.World, node string) []link.Resource {
	var out []link.Resource
	seen := map[string]bool{}
	for s := range w.Snapshots.All {
		key := model.Key(s.Definition)
		if _, has := s.On(node); !has || seen[key] {
			continue
		}
		seen[key] = true
		if _, alive := w.Resources.Get(s.Definition, node); !alive {
			out = append(out, leftover(w, s.Definition, node))
		}
	}
	return out
}

func leftover(w *model.World, definition, node string) link.Resource {
	out := link.Resource{Name: definition}
	var d *model.Definition
	if found, ok := w.Definitions.Get(definition); ok {
		d, out.Name = found, found.Name
	}
	out.Snapshots = snapshots(w, d, definition, node)
	out.Fingerprint = fingerprint(out, &model.Resource{})
	return out
}

// snapshots are the parts of a definition's snapshots that a node holds.
func snapshots(w *model.World, d *model.Definition, definition, node string) []link.Snapshot {
	var out []link.Snapshot
	for s := range w.Snapshots.Under(definition) {
		n, has := s.On(node)
		if !has {
			continue
		}
		one := link.Snapshot{Name: s.Name, UUID: n.UUID, Create: n.Created == nil && n.Deleting == nil, Delete: n.Deleting != nil}
		for _, dev := range n.Devices {
			one.Volumes = append(one.Volumes, devices(w, d, node, dev, one.Create)...)
		}
		out = append(out, one)
	}
	return out
}

// devices are the data and the parts of one volume.
func devices(w *model.World, d *model.Definition, node string, dev model.SnapshotDevice, create bool) []link.SnapshotVolume {
	data := link.SnapshotVolume{Number: dev.Number, UUID: dev.UUID, Source: dev.Source, Pool: dev.Pool}
	if create && d != nil {
		data.Props = driverProps(w, d, node, dev.Number)
	}
	out := []link.SnapshotVolume{data}
	for _, p := range dev.Parts {
		part := data
		part.Suffix, part.UUID, part.Source, part.Pool = p.Suffix, dev.UUID+p.Suffix, dev.Source+p.Suffix, p.Pool
		out = append(out, part)
	}
	return out
}

// driverProps are the storage driver's properties in effect for the source.
func driverProps(w *model.World, d *model.Definition, node string, number int) map[string]string {
	r, ok := w.Resources.Get(d.Name, node)
	if !ok {
		return nil
	}
	vd, defined := d.Volume(number)
	v, has := r.Volume(number)
	if !defined || !has {
		return nil
	}
	return namespaces([]string{"StorDriver/"}, volumeProps(w, d, vd, r, v))
}
