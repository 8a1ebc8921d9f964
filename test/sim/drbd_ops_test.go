package sim_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

const (
	passphrasePath = "/v1/encryption/passphrase"
	passphrase     = "a word that only the user knows"
)

// group chooses a resource group: mostly the first one.
func (s *simulation) group() string {
	if s.replicated && s.rnd.IntN(6) == 0 {
		return "other"
	}
	return "grp"
}

// layers are those that are asked for; in replicated worlds the definition knows.
func (s *simulation) layers() []v1.LayerType {
	if s.replicated {
		return nil
	}
	return storageOnly
}

// kept is what an acknowledged call settles about a replica: in replicated worlds
// automatisms may move it later.
func (s *simulation) kept(key, value string) map[string]string {
	if s.replicated {
		return nil
	}
	return map[string]string{key: value}
}

func (s *simulation) replicatedOps() []choice {
	return []choice{{9, s.toggleDiskless}, {9, s.toggleDiskful}, {6, s.migrate}, {4, s.createDiskless}, {3, s.deactivate},
		{4, s.evacuate}, {2, s.quorumPolicy}, {6, s.resize}, {4, s.createVolume}}
}

func (s *simulation) replicaPath(n, node string) string {
	return "/v1/resource-definitions/" + n + "/resources/" + node
}

// replica is the name and node of a replica, mostly of one that is there.
func (s *simulation) replica() (name, node string) {
	var all []*model.Resource
	if w := s.watcher.world(); w != nil && s.rnd.IntN(3) > 0 {
		for r := range w.Resources.All {
			if r.DRBD != nil {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return s.name(), s.node()
	}
	r := all[s.rnd.IntN(len(all))]
	return r.Definition, r.Node
}

func (s *simulation) onReplica(method, tail string) op {
	n, node := s.replica()
	return op{method: method, path: s.replicaPath(n, node) + tail, concerns: []string{key("res", n, "*")}}
}

func (s *simulation) toggleDiskless() op { return s.onReplica("PUT", "/toggle-disk/diskless") }

func (s *simulation) toggleDiskful() op {
	tail := "/toggle-disk/diskful"
	if s.rnd.IntN(3) > 0 {
		tail += "/" + s.poolName()
	}
	return s.onReplica("PUT", tail)
}

// changeMind orders something, and the opposite before it is through.
func (s *simulation) changeMind() {
	less, more := s.opposites()
	for range 1 + s.rnd.IntN(3) {
		s.background(less)
		s.pass(s.rnd.IntN(2) * s.rnd.IntN(3000))
		if s.rnd.IntN(2) == 0 {
			s.randomFault()
		}
		s.background(more)
		s.pass(s.rnd.IntN(2) * s.rnd.IntN(3000))
	}
}

// opposites are two commands of which one takes back what the other orders.
func (s *simulation) opposites() (less, more op) {
	n, node := s.replica()
	order := func(method, path string, body any) op {
		return op{method: method, path: path, body: body, concerns: []string{key("res", n, "*")}}
	}
	on, nr := s.replicaPath(n, node), int32(s.rnd.IntN(2))
	volumes := "/v1/resource-definitions/" + n + "/volume-definitions"
	switch s.rnd.IntN(9) {
	case 0, 1, 2:
		return order("DELETE", on, nil), order("POST", on, v1.ResourceCreate{Resource: &v1.Resource{}})
	case 3:
		return order("POST", on+"/deactivate", nil), order("POST", on+"/activate", nil)
	case 4:
		return s.deleteVolumeOf(n, int(nr)), op{"POST", volumes, v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{VolumeNumber: &nr, SizeKiB: s.sizeKiB()}},
			nil, []string{key("size", n, strconv.Itoa(int(nr)))}}
	}
	return order("PUT", on+"/toggle-disk/diskless", nil), order("PUT", on+"/toggle-disk/diskful", nil)
}

func (s *simulation) migrate() op {
	return s.onReplica("PUT", "/migrate-disk/"+s.node()+"/"+s.poolName())
}

func (s *simulation) createDiskless() op {
	o := s.onReplica("POST", "")
	o.body = v1.ResourceCreate{Resource: &v1.Resource{Flags: []string{"DRBD_DISKLESS"}}}
	return o
}

// quorumPolicy switches automatisms of quorum for one definition.
func (s *simulation) quorumPolicy() op {
	props := map[string]string{"DrbdOptions/auto-add-quorum-tiebreaker": []string{"true", "false"}[s.rnd.IntN(2)]}
	n := s.name()
	return op{method: "PUT", path: "/v1/resource-definitions/" + n, body: v1.ResourceDefinitionModify{OverrideProps: props},
		concerns: []string{key("res", n, "*")}}
}

func (s *simulation) enterPassphrase() op {
	return op{method: "PATCH", path: passphrasePath, body: passphrase}
}

// unlock enters the passphrase until it was taken.
func (s *simulation) unlock() {
	for range 10 {
		if !s.encrypted {
			return
		}
		s.call(s.enterPassphrase())
		if _, unlocked := s.c.World().MasterKey(); unlocked {
			return
		}
		s.pass(1000)
	}
}

func (s *simulation) replicatedFaults() []trial {
	return []trial{{8, "nodes parted", s.parted}, {3, "nodes joined", func() { s.c.Network.HealAll() }}, {3, "host down", s.hostDown},
		{4, "slow resync", func() { s.c.Network.HoldResync(s.rnd.IntN(2) == 0) }}, {3, "failed disk", s.failDisk}}
}

// parted cuts the connection between two nodes, or of one node to all others.
func (s *simulation) parted() {
	a, b := s.node(), s.node()
	if a == b {
		s.journal.note("network: %s is isolated", a)
		s.c.Network.Isolate(a)
		return
	}
	s.journal.note("network: %s and %s are parted", a, b)
	s.c.Network.Cut(a, b)
}

// hostDown lets a host lose power; it comes back some steps later.
func (s *simulation) hostDown() {
	m := s.machine()
	s.journal.note("machine %s is down", m.Name)
	m.Machine.PowerLoss(s.rnd.IntN(4) - 1)
}

// failDisk lets a disk below DRBD fail once.
func (s *simulation) failDisk() {
	m := s.machine()
	if running := m.DRBD.Running(); len(running) > 0 {
		r := running[s.rnd.IntN(len(running))]
		s.journal.note("machine %s: the disk of %s fails", m.Name, r)
		m.DRBD.FailDisk(r, 0)
	}
}

// reinstall empties a host that was lost of all but its disks.
func (s *simulation) reinstall(m *machine) {
	m.Stop()
	m.Machine.PowerLoss(-1)
	for _, pattern := range []string{resDir + "/*.res", resDir + "/.backup/*.res"} {
		for _, f := range m.glob(pattern) {
			m.Machine.Unlink(f)
		}
	}
	s.restart(m)
}

// mend tells the controller that disks which have failed are good again, as a user does
// who has replaced them.
func (s *simulation) mend() {
	for r := range s.c.World().Resources.All {
		if r.Props[replication.KeySkipDisk] != "" && r.Deleting == nil {
			s.call(op{method: "PUT", path: s.replicaPath(r.Definition, r.Node), body: v1.ResourceModify{DeleteProps: []string{replication.KeySkipDisk}}})
		}
	}
}

// giveUp deletes replicas that have never had all data where a disk stays unused for their
// sake, as a user does who has nowhere else to bring data back from.
func (s *simulation) giveUp() {
	for d := range s.c.World().Definitions.All {
		var empty []string
		spared := false
		for r := range s.c.World().Resources.Under(d.Name) {
			st, ok := s.c.World().ResourceStatus.Get(r.Definition, r.Node)
			spared = spared || ok && strings.Contains(st.Doing, "stays unused: the node has let go of it")
			if ok && slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool { return v.DiskState == "Inconsistent" }) {
				empty = append(empty, r.Node)
			}
		}
		for _, node := range empty {
			if spared {
				s.call(op{method: "DELETE", path: s.replicaPath(d.Name, node), concerns: []string{key("res", d.Name, "*")}})
			}
		}
	}
}

// goOn chooses the last copy of a volume where DRBD calls it outdated, as a user does who
// has no other: a node that could not see another one in use may be the only one with a disk.
func (s *simulation) goOn() {
	for d := range s.c.World().Definitions.All {
		late := false
		for r := range s.c.World().Resources.Under(d.Name) {
			st, ok := s.c.World().ResourceStatus.Get(r.Definition, r.Node)
			late = late || ok && slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool { return v.DiskState == "Outdated" })
		}
		if !late {
			continue
		}
		doctor := "/v1/resource-definitions/" + d.Name + "/doctor"
		var found v1.Diagnosis
		if _, data := s.c.Call("GET", doctor, nil); json.Unmarshal(data, &found) != nil {
			continue
		}
		for _, c := range found.Choices {
			if len(c.Losers) == 0 {
				s.call(op{method: "PUT", path: doctor, body: v1.DoctorOrder{Survivor: c.Survivor}})
			}
		}
	}
}
