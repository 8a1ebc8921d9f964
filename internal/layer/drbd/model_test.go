package drbd_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// machine is a small model of a node with DRBD: files, lower devices, a kernel.
// It refuses whatever would do harm.
type machine struct {
	rt   *rapid.T
	want *drbd.Wanted
	// now is what the present steps lead to; it differs as long as disks are kept.
	now    *drbd.Wanted
	files  map[string][]byte
	lower  map[int]*drbd.Lower
	kernel *drbd.State
	// mayReplace has the volumes whose metadata may be overwritten.
	mayReplace map[int]bool
	nextUUID   drbd.UUID
}

func (m *machine) observe() drbd.Observed {
	o := drbd.Observed{File: m.files[m.want.Path()], Good: m.files[m.want.GoodPath()], Lower: map[int]drbd.Lower{}}
	if m.kernel != nil {
		s := m.kernel.Clone()
		o.State = &s
	}
	for n, l := range m.lower {
		seen := *l
		seen.Stored = true
		seen.Meta.Bitmap = maps.Clone(l.Meta.Bitmap)
		o.Lower[n] = seen
	}
	return o
}

// run executes a step; cut ends it somewhere in the middle.
func (m *machine) run(s provider.Step, cut bool) {
	switch {
	case s.Write != nil:
		if !cut {
			m.files[s.Write.Path] = s.Write.Data
		}
	case s.Remove != "":
		if !cut {
			delete(m.files, s.Remove)
		}
	default:
		m.command(s.Cmd.Argv, cut)
	}
}

func (m *machine) command(argv []string, cut bool) {
	line := strings.Join(argv, " ")
	if strings.Contains(line, m.want.Resource.Secret) {
		m.rt.Fatalf("the secret is in a command: %s", line)
	}
	switch {
	case argv[0] == "drbdmeta":
		m.drbdmeta(argv, cut)
	case strings.Contains(line, "adjust"):
		m.adjust(slices.Contains(argv, "--skip-disk"), cut)
	case strings.Contains(line, "resize"):
		m.resize(argv, cut)
	case argv[1] == "down":
		m.down(cut)
	case argv[1] == "detach":
		m.detach(argv, cut)
	case argv[1] == "forget-peer":
	default:
		m.rt.Fatalf("unknown command %s", line)
	}
}

// volumeOf finds the volume of a minor number.
func (m *machine) volumeOf(minor string) int {
	for _, v := range m.want.Resource.Volumes {
		if strconv.Itoa(v.Minor) == minor {
			return v.Number
		}
	}
	m.rt.Fatalf("no volume has minor %s", minor)
	return 0
}

func (m *machine) drbdmeta(argv []string, cut bool) {
	id := ""
	if i := slices.Index(argv, "--node-id"); i > 0 {
		id, argv = argv[i+1], slices.Delete(slices.Clone(argv), i, i+2)
	}
	n := m.volumeOf(argv[2])
	l := m.lower[n]
	if l == nil || !l.Present || m.attached(n) {
		m.rt.Fatalf("drbdmeta on a device that is missing or in use: %q", argv)
	}
	switch argv[6] {
	case "create-md":
		if l.Meta.Found && !l.Meta.Fresh() && !m.mayReplace[n] || l.Signature != "" {
			m.rt.Fatalf("metadata of volume %d is overwritten", n)
		}
		l.Meta = drbd.Metadata{}
		if !cut {
			l.Meta = drbd.Metadata{Found: true, NodeID: -1, MaxPeers: 7, Current: drbd.JustCreated, Bitmap: map[int]drbd.UUID{}}
			delete(m.mayReplace, n)
		}
	case "set-gi":
		if l.Meta.NodeID >= 0 {
			m.rt.Fatalf("identifiers of volume %d are overwritten after it was in use", n)
		}
		if !cut {
			m.setGI(l, id, argv[7])
		}
	case "check-resize":
		l.Meta.Moved = l.Meta.Moved && cut
	default:
		m.rt.Fatalf("unknown command %q", argv)
	}
}

func (m *machine) setGI(l *drbd.Lower, id, arg string) {
	parts := strings.Split(arg, ":")
	if parts[0] != "" {
		l.Meta.Current, _ = drbd.ParseUUID(parts[0])
	}
	if parts[1] != "" {
		n, _ := strconv.Atoi(id)
		l.Meta.Bitmap[n], _ = drbd.ParseUUID(parts[1])
	}
}

func (m *machine) attached(n int) bool {
	return m.kernel != nil && m.kernel.Devices[n].Minor != 0 && m.kernel.Devices[n].Disk != drbd.DiskDiskless
}

// some decides, for what is cut off, what was still done.
func (m *machine) some(cut bool, what string) bool {
	return !cut || rapid.Bool().Draw(m.rt, what)
}

func (m *machine) adjust(skipDisk, cut bool) {
	r := &m.now.Resource
	if !strings.Contains(string(m.files[m.want.Path()]), fmt.Sprintf("resource %q", r.FullName())) {
		m.rt.Fatal("adjust without a file")
	}
	if m.kernel == nil {
		m.kernel = &drbd.State{Name: r.FullName(), NodeID: 0, Role: "Secondary", Devices: map[int]drbd.Device{}, Connections: map[int]drbd.Link{}}
	}
	peers := map[int]drbd.Node{}
	me := r.Nodes[0]
	for _, n := range r.Nodes[1:] {
		if !me.Diskless || !n.Diskless {
			peers[n.NodeID] = n
		}
	}
	for id := range m.kernel.Connections {
		if _, ok := peers[id]; !ok && m.some(cut, "del-peer") {
			delete(m.kernel.Connections, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(peers)) {
		if m.some(cut, "new-peer") {
			m.connect(peers[id], cut)
		}
	}
	wanted := map[int]bool{}
	for _, v := range r.Volumes {
		wanted[v.Number] = true
		if m.some(cut, "new-minor") {
			m.attach(v, me.Diskless || skipDisk || v.NoDisk, cut)
		}
	}
	for n := range m.kernel.Devices {
		if !wanted[n] && m.some(cut, "del-minor") {
			delete(m.kernel.Devices, n)
		}
	}
}

func (m *machine) connect(n drbd.Node, cut bool) {
	l := drbd.Link{Name: n.Uname, Connection: drbd.StandAlone, Volumes: map[int]drbd.PeerDevice{}}
	if m.some(cut, "connect") {
		l.Connection = drbd.Connected
		for _, v := range m.want.Resource.Volumes {
			disk := drbd.DiskUpToDate
			if n.Diskless {
				disk = drbd.DiskDiskless
			}
			l.Volumes[v.Number] = drbd.PeerDevice{Disk: disk}
		}
	}
	m.kernel.Connections[n.NodeID] = l
}

func (m *machine) attach(v drbd.Volume, diskless, cut bool) {
	d, ok := m.kernel.Devices[v.Number]
	if !ok {
		d = drbd.Device{Minor: v.Minor, Disk: drbd.DiskDiskless}
	}
	if !diskless && d.Disk == drbd.DiskDiskless && m.some(cut, "attach") {
		m.checkMetadata(v.Number)
		l := m.lower[v.Number]
		l.Meta.NodeID = 0
		if l.Meta.DeviceUUID == 0 {
			m.nextUUID += 2
			l.Meta.DeviceUUID = m.nextUUID
		}
		if l.Meta.Current == drbd.JustCreated {
			l.Meta.Current = 0x777770
		}
		d.Disk, d.SizeKiB, d.Client = drbd.DiskUpToDate, l.SizeKiB, drbd.No
		m.inSync(l)
	}
	m.kernel.Devices[v.Number] = d
}

// inSync notes that the connected peers have all.
func (m *machine) inSync(l *drbd.Lower) {
	for id, peer := range m.kernel.Connections {
		if peer.Connection == drbd.Connected {
			delete(l.Meta.Bitmap, id)
		}
	}
}

// checkMetadata makes sure that nothing half made is ever attached.
func (m *machine) checkMetadata(n int) {
	l := m.lower[n]
	if l == nil || !l.Present || !l.Meta.Found || l.Meta.Moved {
		m.rt.Fatalf("volume %d is attached without metadata in place", n)
	}
	c := m.want.Meta[n].Create
	if c == nil || l.Meta.NodeID >= 0 {
		return
	}
	switch c.Start {
	case drbd.StartWinner:
		for _, peer := range m.want.Resource.Nodes {
			if peer.Name != m.want.Resource.Local && l.Meta.Bitmap[peer.NodeID] != c.Day0 || l.Meta.Current != c.Random {
				m.rt.Fatalf("volume %d is attached before its identifiers are complete", n)
			}
		}
	case drbd.StartSkip:
		if l.Meta.Current != c.Day0 {
			m.rt.Fatalf("volume %d is attached before its identifiers are complete", n)
		}
	}
}

func (m *machine) resize(argv []string, cut bool) {
	_, number, _ := strings.Cut(argv[len(argv)-1], "/")
	n, _ := strconv.Atoi(number)
	if d := m.kernel.Devices[n]; m.some(cut, "resize") {
		d.SizeKiB = m.lower[n].SizeKiB
		m.kernel.Devices[n] = d
	}
}

func (m *machine) detach(argv []string, cut bool) {
	n := m.volumeOf(argv[2])
	if d := m.kernel.Devices[n]; !cut {
		d.Disk, d.Client = drbd.DiskDiskless, drbd.Yes
		m.kernel.Devices[n] = d
	}
}

func (m *machine) down(cut bool) {
	if m.kernel.Used() {
		m.rt.Fatal("a resource in use is taken down")
	}
	if !cut {
		m.kernel = nil
		return
	}
	clear(m.kernel.Connections)
	if m.some(cut, "del-minor") {
		clear(m.kernel.Devices)
	}
}
