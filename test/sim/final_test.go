package sim_test

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/internal/agent"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/all"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// unsettled lists what is still on its way.
func (s *simulation) unsettled() (out []string) {
	w := s.c.World()
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for n := range w.Nodes.All {
		if st, ok := w.NodeStatus.Get(n.Name); !ok || st.State != model.ConnOnline {
			say("node %s is not online: %+v", n.Name, st)
		}
		if n.Deleting != nil {
			say("node %s is still being deleted", n.Name)
		}
	}
	for r := range w.Resources.All {
		if why := s.open(w, r); why != "" {
			say("%s on %s (deleting: %v): %s", r.Definition, r.Node, r.Deleting != nil, why)
		}
	}
	for d := range w.Definitions.All {
		if d.Deleting != nil && !s.anyObstructed(w, d.Name) {
			say("definition %s is still being deleted", d.Name)
		}
		for _, v := range d.Volumes {
			if v.Deleting != nil && !s.anyObstructed(w, d.Name) {
				say("volume definition %s/%d is still being deleted", d.Name, v.Number)
			}
		}
	}
	return out
}

// open says what is not through about a replica; empty for nothing.
func (s *simulation) open(w *model.World, r *model.Resource) string {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	switch {
	case !ok:
		return "no report"
	case st.Fingerprint != desired.Resource(w, r).Fingerprint:
		return "the report is about another instruction"
	case st.Progress == model.ProgressFailed && s.obstructed(r):
		if st.Problem == nil || st.Problem.Message == "" || st.Problem.Correction == "" {
			return fmt.Sprintf("the problem is not clear: %+v", st.Problem)
		}
		return ""
	case st.Progress == model.ProgressWorking && st.Problem == nil && s.lastCopy(w, r, st):
		return openLinks(w, r, st)
	case st.Progress == model.ProgressWorking && st.Problem == nil && r.DRBD != nil && r.DRBD.RejoinOrdered != nil && inactiveDisk(w, r.Definition):
		return openLinks(w, r, st) // what it needs to join its peers may be on the inactive one
	case st.Progress == model.ProgressWorking && st.Problem == nil && r.Deleting != nil && replication.PutOff(w, r) && inactiveDisk(w, r.Definition) && !otherGood(w, r):
		return "" // the others are to be activated first, to get its data
	case st.Progress != model.ProgressReady:
		return fmt.Sprintf("%s %s %+v", st.Progress, st.Doing, st.Problem)
	case st.Problem != nil:
		return fmt.Sprintf("ready, but %+v", st.Problem)
	case r.Deleting != nil:
		return "ready, but it is to be deleted"
	}
	return s.openReplica(w, r, st)
}

// obstructed tells whether something that is not ours, or is left over from a lost
// node, is in the place of a volume.
func (s *simulation) obstructed(r *model.Resource) bool {
	m := s.machines[r.Node]
	for _, v := range r.Volumes {
		name := agent.StorageName(r.Definition, "", v.Number)
		if m.planted[v.Pool][name] {
			return true
		}
		for _, p := range m.pools {
			if p.Name != v.Pool {
				continue
			}
			d, there := m.devices(p)[name]
			if there && d.UUID != v.UUID && s.watcher.isLost(d.UUID) {
				return true
			}
		}
	}
	return false
}

func (s *simulation) anyObstructed(w *model.World, definition string) bool {
	for r := range w.Resources.Under(definition) {
		if s.obstructed(r) {
			return true
		}
	}
	return false
}

// checkWorld checks what must hold of a settled state.
func (s *simulation) checkWorld() {
	w := s.c.World()
	s.recount(w)
	for r := range w.Resources.All {
		d, ok := w.Definitions.Get(r.Definition)
		if !ok || r.Deleting != nil {
			continue
		}
		if d.Deleting != nil {
			s.fail("definition %s is being deleted, but its replica on %s is not", d.Name, r.Node)
		}
		for _, vd := range d.Volumes {
			if _, has := r.Volume(vd.Number); !has && vd.Deleting == nil {
				s.fail("replica of %s on %s lacks volume %d", d.Name, r.Node, vd.Number)
			}
		}
	}
}

// devices lists the volumes of a pool as they are on the machine, whatever the
// controller knows.
func (m *machine) devices(p provider.Pool) map[string]provider.Observed {
	for _, prov := range all.Providers() {
		for _, t := range prov.Kinds() {
			if t.Kind != p.Kind {
				continue
			}
			obs, err := prov.Scan(context.Background(), m.Machine.Observer(), []provider.Pool{p})
			must(err)
			return obs.Devices[p.Name]
		}
	}
	return nil
}

type wanted struct {
	r    *model.Resource
	v    model.Volume
	size int64
	// going volumes are being deleted; they are there or not.
	going bool
}

// checkMachine compares a machine with what shall be on it.
func (s *simulation) checkMachine(m *machine) {
	w := s.c.World()
	want := map[string]wanted{}
	for r := range w.ResourcesOn(m.Name) {
		d, _ := w.Definitions.Get(r.Definition)
		for _, v := range r.Volumes {
			if vd, ok := d.Volume(v.Number); ok && !strings.EqualFold(v.Pool, model.DefaultDisklessPool) {
				waits := r.Inactive && r.Toggle == model.ToggleAddRequested // its disk is made when it is active again
				want[v.UUID] = wanted{r, v, vd.SizeKiB, r.Deleting != nil || vd.Deleting != nil || r.Toggle == model.ToggleRemoving || waits}
			}
		}
	}
	for _, p := range m.pools {
		devices := m.devices(p)
		for _, name := range sorted(devices) {
			s.checkDevice(m, p, name, devices[name], want)
		}
	}
	for _, uuid := range sorted(want) {
		if x := want[uuid]; !x.going && !s.obstructed(x.r) {
			s.fail("volume %d of %s is not on %s, or not whole", x.v.Number, x.r.Definition, m.Name)
		}
	}
	s.checkFiles(m)
}

// checkDevice checks one device and ticks it off.
func (s *simulation) checkDevice(m *machine, p provider.Pool, name string, d provider.Observed, want map[string]wanted) {
	x, wanted := want[d.UUID]
	switch {
	case m.planted[p.Name][name]:
		return
	case !wanted && s.watcher.isLost(d.UUID):
		return
	case !wanted:
		s.fail("%s/%s on %s (uuid %s) is not wanted", p.Name, name, m.Name, d.UUID)
		return
	case x.v.Pool != p.Name || agent.StorageName(x.r.Definition, "", x.v.Number) != name:
		s.fail("volume %d of %s is at %s/%s on %s", x.v.Number, x.r.Definition, p.Name, name, m.Name)
		return
	case d.SizeKiB < x.size || m.Machine.DeviceSize(d.Path) < x.size<<10:
		if x.going || s.obstructed(x.r) {
			return
		}
		s.fail("volume %d of %s on %s has %d KiB (%q: %d bytes), wanted %d", x.v.Number, x.r.Definition, m.Name, d.SizeKiB, d.Path,
			m.Machine.DeviceSize(d.Path), x.size)
		return
	}
	delete(want, d.UUID)
	if mark, marked := s.marks[d.UUID]; marked && !s.watcher.isDoomed(d.UUID) {
		s.counts.inc("writes checked", 1)
		if got := m.Machine.Mark(d.Path, sim.MarkData); got != mark {
			s.fail("volume %d of %s on %s has lost its data: %q, written was %q", x.v.Number, x.r.Definition, m.Name, got, mark)
		}
	}
}

// checkFiles finds files in the pool directories that belong to no volume.
func (s *simulation) checkFiles(m *machine) {
	for _, p := range m.pools {
		if !strings.HasPrefix(p.Backing, "/") {
			continue
		}
		devices := m.devices(p)
		for _, pattern := range []string{"/*", "/.*"} {
			files, err := m.Machine.Observer().Glob(context.Background(), p.Backing+pattern)
			must(err)
			for _, f := range files {
				name := strings.TrimSuffix(strings.TrimSuffix(path.Base(f), ".holdfast"), ".img")
				if _, known := devices[strings.TrimPrefix(name, ".")]; !known {
					s.fail("file %s on %s belongs to no volume", f, m.Name)
				}
			}
		}
		for name, d := range devices {
			if n := len(m.Machine.LoopsOf(p.Backing + "/" + name + ".img")); n > 1 {
				s.fail("%s on %s is attached %d times (%s)", name, m.Name, n, d.Path)
			}
		}
	}
}

// write writes a word into a volume that is ready, as its user does.
func (s *simulation) write() {
	if s.c.Controller() == nil {
		return
	}
	synctest.Wait()
	w := s.c.World()
	var ready []func()
	for r := range w.Resources.All {
		st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
		m := s.machines[r.Node]
		if !ok || r.DRBD != nil || r.Deleting != nil || st.Progress != model.ProgressReady || m.Dead() {
			continue
		}
		for _, v := range r.Volumes {
			vs, _ := st.Volume(v.Number)
			if vs.DevicePath == "" || s.watcher.isDoomed(v.UUID) || !m.holds(v.UUID, vs.DevicePath) {
				continue
			}
			ready = append(ready, func() {
				word := fmt.Sprintf("word %d", len(s.journal.lines))
				must(m.Machine.SetMark(vs.DevicePath, sim.MarkData, word))
				s.marks[v.UUID] = word
				s.journal.note("%s on %s: %q is written to %s", r.Definition, r.Node, word, vs.DevicePath)
			})
		}
	}
	for range min(3, len(ready)) {
		ready[s.rnd.IntN(len(ready))]()
	}
}

// holds tells whether a device path is that of a volume now.
func (m *machine) holds(uuid, device string) bool {
	for _, p := range m.pools {
		for _, d := range m.devices(p) {
			if d.UUID == uuid && d.Path == device {
				return true
			}
		}
	}
	return false
}
