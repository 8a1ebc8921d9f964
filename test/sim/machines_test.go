package sim_test

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// machine is one host of the cluster and what storage it has.
type machine struct {
	*cluster.Node
	pools []provider.Pool
	lvm   *sim.LVM
	zfs   *sim.ZFS
	// filled is what a full pool directory lacks.
	filled map[string]int64
	cut    bool
	// planted are the storage names that somebody else uses, by pool.
	planted map[string]map[string]bool
}

const poolKiB = 4 << 20

func (s *simulation) addMachine(name string) *machine {
	m := &machine{Node: s.c.AddNode(name, poolKiB), filled: map[string]int64{}, planted: map[string]map[string]bool{}}
	m.pools = append(m.pools, provider.Pool{Name: "pool", Kind: v1.ProviderKindFileThin, Backing: "/pool"})
	second := s.rnd.IntN(6)
	if s.replicated && !s.exact {
		// What DRBD takes of devices that are rounded up differently does not fit together.
		second = 0
	}
	switch second {
	case 0:
		m.Machine.MountFS("/thick", sim.FileSystem{Type: "ext4", CapacityBytes: poolKiB << 10})
		m.addPool(v1.ProviderKindFile, "/thick")
	case 1, 2:
		m.addLVM(second == 2)
	case 3, 4:
		m.Machine.AddDisk("/dev/vdd", "d", poolKiB<<10)
		m.zfs = sim.NewZFS(m.Machine)
		must(m.zfs.AddPool("tank", "/dev/vdd"))
		m.addPool(map[int]v1.ProviderKind{3: v1.ProviderKindZfs, 4: v1.ProviderKindZfsThin}[second], "tank")
	}
	for _, p := range m.pools {
		m.planted[p.Name] = map[string]bool{}
		// In a replicated world it would hold up the peers too.
		if !s.replicated && s.rnd.IntN(2) == 0 {
			m.plant(p, fmt.Sprintf("a%d_%05d", s.rnd.IntN(names), s.rnd.IntN(2)), s.rnd.IntN(3))
		}
		m.plant(p, "other_00000", s.rnd.IntN(3))
	}
	return m
}

func (m *machine) addPool(kind v1.ProviderKind, backing string) {
	m.pools = append(m.pools, provider.Pool{Name: "pool2", Kind: kind, Backing: backing})
}

func (m *machine) addLVM(thin bool) {
	m.Machine.AddDisk("/dev/vdb", "b", poolKiB<<9)
	m.Machine.AddDisk("/dev/vdc", "c", poolKiB<<9)
	m.lvm = sim.NewLVM(m.Machine)
	must(m.lvm.AddVG("vg", "/dev/vdb", "/dev/vdc"))
	if !thin {
		m.addPool(v1.ProviderKindLvm, "vg")
		return
	}
	must(m.lvm.AddThinPool("vg", "thin"))
	m.addPool(v1.ProviderKindLvmThin, "vg/thin")
}

// otherUUID is the identity of volumes of another cluster.
const otherUUID = "aaaaaaaa-2222-4333-8444-555555555555"

// plant puts something of somebody else's in place that looks like a volume.
func (m *machine) plant(p provider.Pool, name string, how int) {
	m.planted[p.Name][name] = true
	switch p.Kind {
	case v1.ProviderKindFile, v1.ProviderKindFileThin:
		m.plantFile(p.Backing, name, how)
	case v1.ProviderKindLvm, v1.ProviderKindLvmThin:
		pool := map[bool]string{true: "thin"}[p.Kind == v1.ProviderKindLvmThin]
		tags := [][]string{nil, {"backup"}, {"holdfast.uuid." + otherUUID}}[how]
		must(m.lvm.PlantLV("vg", pool, name, 8<<20, tags...))
	default:
		props := []map[string]string{nil, {"other:uuid": "x"}, {"holdfast:uuid": otherUUID}}[how]
		m.zfs.PlantVolume(p.Backing+"/"+name, 8<<20, props)
	}
}

func (m *machine) plantFile(dir, name string, how int) {
	img := dir + "/" + name + ".img"
	must(m.Machine.PlantFile(img, 'f', 1<<20))
	switch how {
	case 1:
		_, err := m.Machine.PlantLoop(img, 0)
		must(err)
	case 2:
		side := dir + "/." + name + ".img.holdfast"
		data := fmt.Appendf(nil, `{"uuid":%q,"phase":"ready","size_kib":1024}`, otherUUID)
		must(m.Machine.WriteFile(context.Background(), run.File{Path: side, Data: data}))
		m.Machine.Guard("file "+side, func() string { return "" })
	}
}

// fill takes the free space of a file pool, or gives it back.
func (m *machine) fill(dir string, full bool) bool {
	taken, is := m.filled[dir]
	switch {
	case full == is:
		return false
	case full:
		free := m.Machine.FreeBytes(dir)
		m.filled[dir] = free - 300<<10
		m.Machine.Fill(dir, 300<<10)
	default:
		delete(m.filled, dir)
		m.Machine.Fill(dir, m.Machine.FreeBytes(dir)+taken)
	}
	return true
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
