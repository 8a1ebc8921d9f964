package sim

import (
	"maps"
	"slices"
)

// Running lists the resources in the machine's kernel.
func (d *DRBD) Running() (out []string) {
	d.m.do(func() { out = slices.Sorted(maps.Keys(d.res)) })
	return out
}

// DiskView is one volume as it is in the kernel of a machine.
type DiskView struct {
	// Path is that of the device; empty where the volume is not in the kernel.
	Path string
	// Disk is the state of the own disk.
	Disk string
	// Data is the mark of user data on the own disk, whatever the peers have; empty
	// without a disk.
	Data string
	// Quorum tells whether enough nodes see each other.
	Quorum bool
	// Primary tells whether the resource is in use on this node.
	Primary bool
}

// Look shows a volume as it is in the machine's kernel.
func (d *DRBD) Look(resource string, volume int) (out DiskView) {
	d.m.do(func() {
		r := d.res[resource]
		if r == nil || r.vols[volume] == nil {
			return
		}
		v := r.vols[volume]
		out = DiskView{Path: v.dev.Path, Disk: v.disk, Quorum: v.quorum, Primary: r.role() == rolePrimary}
		if v.md != nil {
			out.Data = v.lowerContent().Get(MarkData)
		}
	})
	return out
}

// Mappings lists the open containers of a machine.
func (l *LUKS) Mappings() (out []string) {
	l.m.do(func() { out = slices.Sorted(maps.Keys(l.open)) })
	return out
}
