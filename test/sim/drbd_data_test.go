package sim_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// data is what users have written into replicated volumes and rely on.
type data struct {
	s *simulation

	mu sync.Mutex
	// words are the newest ones by the volume definition's UUID.
	words map[string]string
	// sure are volumes whose newest word was written with a majority: no other node with
	// quorum may be without it.
	sure map[string]bool
	// given are volumes whose last good copy a user has given up.
	given map[string]bool
	// leaving counts commands under way that may take a replica away.
	leaving map[string]int
	// held are devices that a user has open, with their machines.
	held map[string]*machine
}

func newData(s *simulation) *data {
	return &data{s: s, words: map[string]string{}, sure: map[string]bool{}, given: map[string]bool{}, leaving: map[string]int{}, held: map[string]*machine{}}
}

func replicaKey(definition, node string) string {
	return strings.ToUpper(definition) + "/" + strings.ToUpper(node)
}

// endanger notes that a command is under way by which a user may give up copies. What
// it gives back is called with the end; known tells whether it was seen.
func (d *data) endanger(o op) (end func(known bool)) {
	nothing := func(bool) {}
	if !d.s.replicated || d.s.watcher.world() == nil {
		return nothing
	}
	p := strings.Split(strings.TrimPrefix(o.path, "/v1/"), "/")
	var match func(*model.Resource) bool
	volume := -1
	switch {
	case o.method == "DELETE" && p[0] == "nodes" && (len(p) == 2 || p[2] == "lost"):
		match = func(r *model.Resource) bool { return same(r.Node, p[1]) }
	case p[0] == "nodes" && len(p) == 3 && p[2] == "evacuate":
		match = func(r *model.Resource) bool { return same(r.Node, p[1]) }
	case o.method == "DELETE" && p[0] == "resource-definitions" && len(p) == 2:
		match = func(r *model.Resource) bool { return same(r.Definition, p[1]) }
	case o.method == "DELETE" && p[0] == "resource-definitions" && p[2] == "volume-definitions":
		match = func(r *model.Resource) bool { return same(r.Definition, p[1]) }
		volume = int(atoi(p[3]))
	case p[0] == "resource-definitions" && len(p) > 3 && p[2] == "resources" && (o.method == "DELETE" || len(p) > 4 && p[4] != "make-available"):
		match = func(r *model.Resource) bool { return same(r.Definition, p[1]) && same(r.Node, p[3]) }
	default:
		return nothing
	}
	var keys []string
	for r := range d.s.watcher.world().Resources.All {
		if match(r) {
			keys = append(keys, replicaKey(r.Definition, r.Node))
		}
	}
	d.count(keys, 1)
	d.weigh(o, p, volume)
	return func(known bool) {
		d.weigh(o, p, volume)
		if known {
			d.count(keys, -1)
		}
	}
}

func same(a, b string) bool { return strings.EqualFold(a, b) }

func (d *data) count(keys []string, by int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		d.leaving[k] += by
	}
}

// weigh finds volumes of which no good copy stays if the command is carried out, where
// the command is one by which a user may do that.
func (d *data) weigh(o op, p []string, volume int) {
	w := d.s.watcher.world()
	for def := range w.Definitions.All {
		if p[0] == "resource-definitions" && !same(def.Name, p[1]) {
			continue
		}
		for _, vd := range def.Volumes {
			gone := vd.Deleting != nil || def.Deleting != nil
			if o.method == "DELETE" && (p[0] == "nodes" || len(p) > 2 && p[2] == "resources" || len(p) == 2 || volume == vd.Number) {
				gone = gone || d.copies(w, def, vd) == 0
			}
			if gone {
				d.giveUp(vd.UUID)
			} else if len(p) > 4 && p[4] == "deactivate" && d.copies(w, def, vd) == 0 {
				d.takeOut(vd.UUID)
			}
		}
	}
}

func (d *data) giveUp(uuid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.given[uuid] = true
	delete(d.words, uuid)
}

// takeOut notes that a user has put the last good copy out of use: others may be used with
// what they have.
func (d *data) takeOut(uuid string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sure[uuid] = false
}

// copies counts the good copies of a volume that nothing is about to take away.
func (d *data) copies(w *model.World, def *model.Definition, vd model.VolumeDefinition) (n int) {
	rs := replication.Replicas(w, def.Name)
	for _, r := range rs {
		m := d.s.machines[r.Node]
		d.mu.Lock()
		word, leaving := d.words[vd.UUID], d.leaving[replicaKey(r.Definition, r.Node)] > 0
		d.mu.Unlock()
		if m == nil || leaving || !replication.Stays(w, r) || replication.MigratesTo(rs, r.Node) != nil {
			continue
		}
		if v := m.DRBD.Look(def.Name, vd.Number); v.Disk == "UpToDate" && d.clear(def, vd, m, v) == word {
			n++
		}
	}
	return n
}

// clear is what a user reads on a machine whose own disk has the data.
func (d *data) clear(_ *model.Definition, _ model.VolumeDefinition, m *machine, v sim.DiskView) string {
	return m.Machine.Mark(v.Path, sim.MarkData)
}

// settleWords forgets about volumes that are gone, and tells of a volume what is to be
// read from it.
func (d *data) word(uuid string) (word string, given bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.words[uuid], d.given[uuid]
}

// write lets a user write to a replicated volume, or hold it open for a while.
func (d *data) write() {
	w := d.s.watcher.world()
	if w == nil {
		return
	}
	type place struct {
		def *model.Definition
		vd  model.VolumeDefinition
		r   *model.Resource
	}
	var all []place
	for r := range w.Resources.All {
		def, ok := w.Definitions.Get(r.Definition)
		if !ok || r.DRBD == nil || def.Deleting != nil || r.Deleting != nil || d.s.machines[r.Node] == nil {
			continue
		}
		for _, vd := range def.Volumes {
			if vd.Deleting == nil {
				all = append(all, place{def, vd, r})
			}
		}
	}
	for range min(4, len(all)) {
		p := all[d.s.rnd.IntN(len(all))]
		d.writeTo(p.def, p.vd, p.r)
	}
}

func (d *data) writeTo(def *model.Definition, vd model.VolumeDefinition, r *model.Resource) {
	m := d.s.machines[r.Node]
	word, given := d.word(vd.UUID)
	v := m.DRBD.Look(def.Name, vd.Number)
	if given || v.Path == "" || !vd.Initialized {
		return
	}
	if old := m.Machine.Mark(v.Path, sim.MarkData); old != word {
		d.stale(def, vd, r, v, old, word)
		return
	}
	next := fmt.Sprintf("word %d", d.s.journal.length())
	if err := m.Machine.SetMark(v.Path, sim.MarkData, next); err != nil {
		d.s.counts.inc("writes refused", 1)
		return
	}
	d.s.counts.inc("replicated writes", 1)
	d.mu.Lock()
	d.words[vd.UUID] = next
	d.sure[vd.UUID] = d.s.majorityEverywhere(def.Name)
	d.mu.Unlock()
	d.s.journal.note("%s/%d on %s: %q is written (%s)", def.Name, vd.Number, r.Node, next, v.Disk)
	if _, held := d.held[v.Path+m.Name]; !held && d.s.rnd.IntN(5) == 0 && m.Machine.Hold(v.Path) == nil {
		d.held[v.Path+m.Name] = m
		d.s.journal.note("%s/%d on %s is in use", def.Name, vd.Number, r.Node)
	}
}

// stale looks whether a node would let a user work with old data. Without quorum two
// halves cannot know of each other.
func (d *data) stale(def *model.Definition, vd model.VolumeDefinition, r *model.Resource, v sim.DiskView, old, word string) {
	m := d.s.machines[r.Node]
	if _, open := d.held[v.Path+m.Name]; open || v.Primary {
		return // whoever has it open is held up, which does not show here
	}
	if def.Props[replication.KeyQuorum] != "majority" || !d.sure[vd.UUID] || m.Machine.Hold(v.Path) != nil {
		return
	}
	if got := m.Machine.Mark(v.Path, sim.MarkData); got != word {
		d.s.fail("volume %d of %s can be used on %s (%+v) with old data: %q (before: %q), written was %q; its configuration is\n%s",
			vd.Number, def.Name, r.Node, v, got, old, word, m.config(def.Name))
	}
	_ = m.Machine.Release(v.Path)
}

// majorityEverywhere tells whether all nodes with a disk that runs were told that it takes
// a majority to use it. One that has yet to be told can be used on its own.
func (s *simulation) majorityEverywhere(resource string) bool {
	for _, r := range replication.Replicas(s.watcher.world(), resource) {
		if replication.HasDisk(r) && !s.machines[r.Node].majority(resource) {
			return false
		}
	}
	return true
}

func (m *machine) majority(resource string) bool {
	return m != nil && strings.Contains(m.config(resource), "quorum majority")
}

// config is what DRBD on a machine was told of a resource.
func (m *machine) config(resource string) string {
	conf, _ := m.Machine.Observer().ReadFile(context.Background(), resDir+"/"+resource+".res")
	return string(conf)
}

// release closes what users have open.
func (d *data) release() {
	for _, k := range sorted(d.held) {
		m := d.held[k]
		_ = m.Machine.Release(strings.TrimSuffix(k, m.Name))
	}
	clear(d.held)
}

// check compares what is on the disks with what was written.
func (d *data) check(w *model.World) {
	for def := range w.Definitions.All {
		if def.Deleting != nil || !replication.Replicated(def) {
			continue
		}
		for _, vd := range def.Volumes {
			if word, given := d.word(vd.UUID); word != "" && !given && vd.Deleting == nil {
				d.checkVolume(w, def, vd, word)
			}
		}
	}
}

func (d *data) checkVolume(w *model.World, def *model.Definition, vd model.VolumeDefinition, word string) {
	good := 0
	var bad []string
	for _, r := range replication.Replicas(w, def.Name) {
		if r.Deleting != nil || r.Inactive || d.s.obstructed(r) {
			continue
		}
		m := d.s.machines[r.Node]
		v := m.DRBD.Look(def.Name, vd.Number)
		got := m.Machine.Mark(v.Path, sim.MarkData)
		d.s.counts.inc("copies checked", 1)
		switch {
		case got == "" && r.Diskless != model.Diskful && inactiveDisk(w, def.Name):
			// It may have seen data that is on the inactive one alone, of another volume too.
		case got != word && !d.s.anyObstructed(w, def.Name):
			bad = append(bad, fmt.Sprintf("volume %d of %s on %s (%s) reads %q, written was %q", vd.Number, def.Name, r.Node, v.Disk, got, word))
		case got == word && v.Disk == "UpToDate":
			good++
		}
	}
	if good == 0 && inactiveDisk(w, def.Name) {
		return // it may be on the inactive one alone
	}
	for _, b := range bad {
		d.s.fail("%s", b)
	}
	if good == 0 {
		d.s.fail("volume %d of %s has no good copy any more; %q was written", vd.Number, def.Name, word)
	}
}
