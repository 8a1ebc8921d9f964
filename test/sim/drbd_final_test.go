package sim_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// resDir is where satellites keep DRBD's configuration.
const resDir = "/var/lib/linstor.d"

func (m *machine) glob(pattern string) []string {
	files, err := m.Machine.Observer().Glob(context.Background(), pattern)
	must(err)
	slices.Sort(files)
	return files
}

// openReplica says what is not through about the replication of a ready replica.
func (s *simulation) openReplica(w *model.World, r *model.Resource, st *model.ResourceStatus) string {
	if r.DRBD == nil || s.anyObstructed(w, r.Definition) {
		return ""
	}
	d, ok := w.Definitions.Get(r.Definition)
	switch {
	case !ok:
		return "no definition"
	case r.Inactive && r.DRBD.RejoinOrdered == nil:
		return "" // what is under way goes on when it is active again
	case r.Toggle == model.ToggleRemoveRequested && !otherGood(w, r):
		return "" // it is the only good copy
	case r.Toggle != model.ToggleNone:
		return fmt.Sprintf("toggle %s", r.Toggle)
	case r.Props[replication.KeyMigrateFrom] != "" && !s.givenUp(d) && (!inactiveDisk(w, d.Name) || otherGood(w, r)):
		return "it still takes over from " + r.Props[replication.KeyMigrateFrom]
	case len(r.DRBD.Forget) > 0:
		return fmt.Sprintf("it has yet to forget %v", r.DRBD.Forget)
	case d.Props[replication.KeyQuorum] == "majority" && len(st.Volumes) > 0 && !s.machines[r.Node].majority(d.Name):
		return "it has yet to be told that a majority is needed"
	case r.DRBD.RejoinOrdered != nil && !inactiveDisk(w, d.Name): // else the links tell
		return "it has yet to join its peers again"
	}
	return s.openVolumes(w, d, r, st)
}

func (s *simulation) openVolumes(w *model.World, d *model.Definition, r *model.Resource, st *model.ResourceStatus) string {
	for _, vd := range d.Volumes {
		vs, ok := st.Volume(vd.Number)
		if s.given(vd) {
			continue // see givenUp
		}
		switch want := "UpToDate"; {
		case vd.Deleting != nil:
			continue
		case vd.Resize != nil && !inactiveDisk(w, d.Name):
			return fmt.Sprintf("volume %d is still resized: %+v", vd.Number, *vd.Resize)
		case !ok && firstInactive(w, r, vd):
			continue
		case !ok:
			return fmt.Sprintf("no report about volume %d", vd.Number)
		default:
			if r.Diskless != model.Diskful {
				want = "Diskless"
			}
			// What it would take its data from may be on an inactive one alone.
			if vs.DiskState != want && (!inactiveDisk(w, d.Name) || otherGood(w, r)) {
				return fmt.Sprintf("volume %d is %s", vd.Number, vs.DiskState)
			}
			// Taking down a report waits where the store has failed.
			if now := s.machines[r.Node].DRBD.Look(d.Name, vd.Number).Disk; now != "" && now != vs.DiskState {
				return fmt.Sprintf("volume %d is %s, and %s was reported", vd.Number, now, vs.DiskState)
			}
		}
	}
	if r.Diskless != model.Diskful && otherGood(w, r) && trustsNobody(st) {
		return "it takes no copy for good"
	}
	return openLinks(w, r, st)
}

// givenUp tells whether the user has deleted the last copy of a volume that others would take
// it from.
func (s *simulation) givenUp(d *model.Definition) bool {
	return slices.ContainsFunc(d.Volumes, s.given)
}

// given tells of one volume what givenUp does.
func (s *simulation) given(vd model.VolumeDefinition) bool {
	_, given := s.data.word(vd.UUID)
	return given
}

// firstInactive tells whether a node without a disk does without a volume for now, as the
// replica that is to begin it is inactive: nobody has had any data of it yet.
func firstInactive(w *model.World, r *model.Resource, vd model.VolumeDefinition) bool {
	first, ok := w.Resources.Get(r.Definition, vd.Props[drbdalloc.KeyWinner])
	return ok && first.Inactive && r.Diskless != model.Diskful && !vd.Initialized
}

// trustsNobody tells whether a node without a disk takes a volume from none of its peers.
func trustsNobody(st *model.ResourceStatus) bool {
	if st.DRBD == nil {
		return false
	}
	for _, v := range st.Volumes {
		trusts := len(st.DRBD.Links) == 0
		for _, l := range st.DRBD.Links {
			for _, lv := range l.Volumes {
				trusts = trusts || lv.Number == v.Number && lv.Disk == "UpToDate"
			}
		}
		if !trusts {
			return true
		}
	}
	return false
}

// lastCopy tells whether a replica that is to lose its disk waits with it, in good order,
// because nobody else has the data any more.
func (s *simulation) lastCopy(w *model.World, r *model.Resource, st *model.ResourceStatus) bool {
	if r.Toggle != model.ToggleRemoving || r.Inactive || otherGood(w, r) {
		return false
	}
	d, known := w.Definitions.Get(r.Definition)
	if !known {
		return false
	}
	for _, v := range r.Volumes {
		if vd, has := d.Volume(v.Number); has && (!vd.Initialized || s.given(vd)) {
			continue // nobody has had any data of it, or has it any more
		}
		if vs, ok := st.Volume(v.Number); !ok || vs.DiskState != "UpToDate" {
			return false
		}
	}
	return true
}

// openLinks says which connection is not made. A node without a disk keeps away from data
// that is older than what it has seen, which may be on an inactive one alone.
func openLinks(w *model.World, r *model.Resource, st *model.ResourceStatus) string {
	if st.DRBD == nil {
		return ""
	}
	waits := inactiveDisk(w, r.Definition)
	for _, l := range st.DRBD.Links {
		peer, ok := w.Resources.Get(r.Definition, l.Peer)
		if waits && (r.Diskless != model.Diskful || ok && peer.Diskless != model.Diskful) {
			continue
		}
		if l.State != "Connected" {
			return fmt.Sprintf("the connection to %s is %s", l.Peer, l.State)
		}
	}
	return ""
}

// otherGood tells whether another replica says that it has all data.
func otherGood(w *model.World, r *model.Resource) bool {
	for _, o := range replication.Replicas(w, r.Definition) {
		if o != r && replication.HasDisk(o) && replication.UpToDate(w, o) {
			return true
		}
	}
	return false
}

// inactiveDisk tells whether an inactive replica has a disk now: what is on it, or room on
// it, may be what the others wait for.
func inactiveDisk(w *model.World, definition string) bool {
	for r := range w.Resources.Under(definition) {
		if r.Inactive && (r.Diskless == model.Diskful || replication.Removing(r)) {
			return true
		}
	}
	return false
}

// checkReplicas checks what must hold of the replication of a settled state.
func (s *simulation) checkReplicas() {
	if !s.replicated {
		return
	}
	w := s.c.World()
	s.data.check(w)
	for _, n := range sorted(s.machines) {
		s.checkKernel(w, s.machines[n])
	}
	for d := range w.Definitions.All {
		if d.Deleting != nil || s.anyObstructed(w, d.Name) {
			continue
		}
		for r := range w.Resources.Under(d.Name) {
			s.checkDRBDSize(w, d, r)
		}
	}
}

func (s *simulation) checkDRBDSize(w *model.World, d *model.Definition, r *model.Resource) {
	if r.DRBD == nil || r.Deleting != nil || r.Inactive {
		return
	}
	m := s.machines[r.Node]
	for _, vd := range d.Volumes {
		v := m.DRBD.Look(d.Name, vd.Number)
		// Where nobody has ever had a disk there is no device either.
		if _, given := s.data.word(vd.UUID); given || !vd.Initialized {
			continue
		}
		got := m.Machine.DeviceSize(v.Path) >> 10
		if got == 0 && v.Disk == "Diskless" && inactiveDisk(w, d.Name) && !s.hasDisk(w, d.Name, vd.Number) {
			continue // a node without a disk learns the size from the first that has one
		}
		if vd.Deleting == nil && (vd.Resize == nil || !inactiveDisk(w, d.Name)) && got < vd.SizeKiB {
			s.fail("DRBD's volume %d of %s on %s has %d KiB, wanted %d", vd.Number, d.Name, r.Node, got, vd.SizeKiB)
		}
	}
}

// hasDisk tells whether DRBD has a disk of a volume on any node.
func (s *simulation) hasDisk(w *model.World, definition string, volume int) bool {
	for _, r := range replication.Replicas(w, definition) {
		if disk := s.machines[r.Node].DRBD.Look(definition, volume).Disk; disk != "" && disk != "Diskless" {
			return true
		}
	}
	return false
}

// checkKernel finds what is left over on a machine of resources that are gone.
func (s *simulation) checkKernel(w *model.World, m *machine) {
	up := func(name string) bool {
		r, ok := w.Resources.Get(name, m.Name)
		return ok && r.DRBD != nil && (!r.Inactive || s.obstructed(r))
	}
	for _, name := range m.DRBD.Running() {
		if !up(name) {
			s.fail("DRBD's resource %s is left over in the kernel of %s", name, m.Name)
		}
	}
	for _, f := range append(m.glob(resDir+"/*.res"), m.glob(resDir+"/.backup/*.res")...) {
		if !up(strings.TrimSuffix(path.Base(f), ".res")) {
			s.fail("the file %s is left over on %s", f, m.Name)
		}
	}
	for _, name := range m.LUKS.Mappings() {
		definition, _, _ := strings.Cut(strings.TrimPrefix(name, "Linstor-Crypt-"), "_")
		if !up(definition) {
			s.fail("the mapping %s is left over on %s", name, m.Name)
		}
	}
}

// noteReplicas writes into the journal how all replicas stand.
func (s *simulation) noteReplicas() {
	w := s.c.World()
	for n := range w.Nodes.All {
		s.journal.note("at the end: node %s, evacuating %v, evicted %v", n.Name, n.Evacuating, n.Evicted)
	}
	wrong := strings.Join(s.wrong, " ")
	for d := range w.Definitions.All {
		if !strings.Contains(wrong, d.Name) {
			continue
		}
		s.journal.note("at the end: %s, props %v, volumes %+v", d.Name, d.Props, d.Volumes)
		for r := range w.Resources.Under(d.Name) {
			s.journal.note("at the end: %s on %s: diskless %q, toggle %q, inactive %v, deleting %v, %+v, props %v, volumes %+v",
				r.Definition, r.Node, r.Diskless, r.Toggle, r.Inactive, r.Deleting != nil, r.DRBD, r.Props, r.Volumes)
			if st, ok := w.ResourceStatus.Get(r.Definition, r.Node); ok {
				s.journal.note("at the end: %s on %s: reported %s %q %+v, volumes %+v, %+v", r.Definition, r.Node, st.Progress, st.Doing, st.Problem, st.Volumes, st.DRBD)
			}
		}
	}
}
