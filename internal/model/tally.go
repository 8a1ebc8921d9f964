package model

// Tally is what a pool has promised.
type Tally struct {
	// ReservedKiB is the sum of the sizes of all volumes placed in the pool, with what
	// their layers take.
	ReservedKiB int64
	// PresentKiB is the part of it that the satellite has reported to exist, and
	// that the pool's free space therefore shows.
	PresentKiB int64
}

// PoolTally says what a pool has promised.
func (w *World) PoolTally(node, pool string) Tally {
	t, _ := lookup(w.tallies, node, pool)
	return t
}

// ResourceCount is the number of replicas on a node.
func (w *World) ResourceCount(node string) int {
	n, _ := lookup(w.counts, node)
	return n
}

// account adds a replica to the tallies, or takes it out with sign −1. It is
// called before and after every change of what a tally depends on.
func (w *World) account(r *Resource, sign int64) {
	n := Key(r.Node)
	c, _ := w.counts.Get(n)
	w.counts.Set(n, c+int(sign))
	d, ok := w.Definitions.Get(r.Definition)
	if !ok {
		return
	}
	st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
	for _, v := range r.Volumes {
		vd, ok := d.Volume(v.Number)
		if !ok {
			continue
		}
		k := Key(r.Node, v.Pool)
		t, _ := w.tallies.Get(k)
		size := StorageKiB(&vd, r, &v)
		t.ReservedKiB += sign * size
		if vs, ok := st.Volume(v.Number); ok {
			// A volume that is to grow is present with the size that it has.
			t.PresentKiB += sign * min(size, vs.StorageKiB())
		}
		w.tallies.Set(k, t)
	}
}

func (w *World) accountAll(definition string, sign int64) {
	for r := range w.Resources.Under(definition) {
		w.account(r, sign)
	}
}
