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

// shift is by how much a change moves counts and tallies. What a replica takes is added
// before and after the change, and only the difference is written down: most changes make
// none, and each place that is written is copied first.
type shift struct {
	w *World
	// few has the first places, and mostly all: a change concerns a node and its pool.
	few  [3]moved
	used int
	more []moved
}

// moved is the difference at one node, or at one pool of it.
type moved struct {
	key   string
	count int
	tally Tally
}

func (s *shift) at(key string) *moved {
	for i := range s.few[:s.used] {
		if s.few[i].key == key {
			return &s.few[i]
		}
	}
	if s.used < len(s.few) {
		s.used++
		s.few[s.used-1].key = key
		return &s.few[s.used-1]
	}
	for i := range s.more {
		if s.more[i].key == key {
			return &s.more[i]
		}
	}
	s.more = append(s.more, moved{key: key})
	return &s.more[len(s.more)-1]
}

// account adds a replica as the world has it now, or takes it out with sign −1.
func (s *shift) account(r *Resource, sign int64) {
	w := s.w
	s.at(Key(r.Node)).count += int(sign)
	d, ok := w.Definitions.Get(r.Definition)
	if !ok {
		return
	}
	st, _ := w.ResourceStatus.Get(r.Definition, r.Node)
	for i := range r.Volumes {
		v := &r.Volumes[i]
		vd, ok := d.Volume(v.Number)
		if !ok {
			continue
		}
		t := &s.at(Key(r.Node, v.Pool)).tally
		size := StorageKiB(&vd, r, v)
		t.ReservedKiB += sign * size
		if vs, ok := st.Volume(v.Number); ok {
			// A volume that is to grow is present with the size that it has.
			t.PresentKiB += sign * min(size, vs.StorageKiB())
		}
	}
}

func (s *shift) accountAll(definition string, sign int64) {
	for r := range s.w.Resources.Under(definition) {
		s.account(r, sign)
	}
}

// done writes down what has moved.
func (s *shift) done() {
	for i := range s.few[:s.used] {
		s.few[i].apply(s.w)
	}
	for i := range s.more {
		s.more[i].apply(s.w)
	}
}

func (m *moved) apply(w *World) {
	if m.count != 0 {
		c, _ := w.counts.Get(m.key)
		w.counts.Set(m.key, c+m.count)
	}
	if m.tally != (Tally{}) {
		t, _ := w.tallies.Get(m.key)
		t.ReservedKiB += m.tally.ReservedKiB
		t.PresentKiB += m.tally.PresentKiB
		w.tallies.Set(m.key, t)
	}
}
