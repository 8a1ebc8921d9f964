package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Where the kernel shows NVMe.
const (
	nvmetDir       = "/sys/kernel/config/nvmet"
	nvmeCtrlDir    = "/sys/class/nvme"
	nvmeSubsysDir  = "/sys/class/nvme-subsystem"
	nvmeFabricsDev = "/dev/nvme-fabrics"
)

// Fabric is the network of NVMe targets and initiators.
//
// Modelled: nvmet's directories, what holds a device, connections that follow their
// target, a device per namespace that shows the target's data. Not modelled: several
// paths, access by host names, discovery.
type Fabric struct {
	net   *Network
	nodes []*NVMe
}

// NewFabric makes a fabric on a network.
func NewFabric(n *Network) *Fabric { return &Fabric{net: n} }

// NVMe is the NVMe target and initiator of a machine.
type NVMe struct {
	m      *Machine
	fabric *Fabric
	// conns are the connections by the number of their controller.
	conns map[int]*nvmeConn
}

type nvmeConn struct {
	nqn, address, service, transport string
	// spaces are the namespaces by number, as last seen.
	spaces map[string]string
}

// NewNVMe lets a machine join a fabric, and installs nvme, modprobe and what works on
// the kernel's directories.
func NewNVMe(m *Machine, f *Fabric) *NVMe {
	n := &NVMe{m: m, fabric: f, conns: map[int]*nvmeConn{}}
	m.mu = &f.net.mu
	mkdirCore := m.tools["mkdir"]
	for name, t := range map[string]func(c run.Cmd) run.Result{
		"modprobe": n.modprobe, "nvme": n.nvme, "tee": n.tee, "ln": n.ln, "rm": n.rm, "rmdir": n.rmdir, "grep": n.grep,
		"mkdir": func(c run.Cmd) run.Result {
			if len(c.Argv) == 2 && strings.HasPrefix(c.Argv[1], nvmetDir) {
				return n.mkdir(c.Argv[1])
			}
			return mkdirCore(m, c)
		},
	} {
		m.Register(name, func(_ *Machine, c run.Cmd) run.Result {
			defer f.settle()
			return t(c)
		})
	}
	m.OnPowerLoss(func() {
		for id := range n.conns {
			n.disconnect(id)
		}
		n.m.files.rmdir(nvmetDir)
		n.m.files.unlink(nvmeFabricsDev)
		f.settle()
	})
	m.do(func() { f.nodes = append(f.nodes, n) })
	return n
}

// put makes a file of the kernel.
func (n *NVMe) put(p, value string) {
	t := n.m.files
	t.mkdirAll(path.Dir(p))
	t.unlink(p)
	node := t.newNode(p, 'f')
	node.data, node.size = []byte(value+"\n"), int64(len(value)+1)
	_ = t.enter(p, node)
}

func (n *NVMe) get(p string) string {
	if node := n.m.files.at(p); node != nil {
		return strings.TrimSpace(string(node.data))
	}
	return ""
}

func (n *NVMe) modprobe(c run.Cmd) run.Result {
	if slices.Contains(c.Argv, "--dry-run") {
		return ok("")
	}
	for _, module := range c.Argv[1:] {
		switch module {
		case "nvmet":
			for _, d := range []string{"subsystems", "ports", "hosts"} {
				n.m.files.mkdirAll(path.Join(nvmetDir, d))
			}
		case "nvme-tcp":
			n.put(nvmeFabricsDev, "")
		}
	}
	n.m.changed()
	return ok("")
}

func (n *NVMe) mkdir(p string) run.Result {
	parent, kind := path.Dir(p), path.Base(path.Dir(p))
	attrs := map[string][]string{"subsystems": {"attr_serial", "attr_allow_any_host"}, "namespaces": {"device_path", "device_uuid", "enable"},
		"ports": {"addr_trtype", "addr_adrfam", "addr_traddr", "addr_trsvcid"}}[kind]
	switch {
	case n.m.files.at(p) != nil:
		return fail(1, "mkdir: cannot create directory '%s': File exists", p)
	case attrs == nil || n.m.files.at(parent) == nil:
		return fail(1, "mkdir: cannot create directory '%s': No such file or directory", p)
	}
	n.m.files.mkdirAll(p)
	for _, a := range attrs {
		n.put(path.Join(p, a), map[string]string{"attr_serial": "e95f353d2c847a1d9043", "attr_allow_any_host": "0", "enable": "0",
			"device_path": "(null)", "device_uuid": "00000000-0000-0000-0000-000000000000"}[a])
	}
	switch kind {
	case "subsystems":
		n.m.files.mkdirAll(path.Join(p, "namespaces"))
	case "ports":
		n.m.files.mkdirAll(path.Join(p, "subsystems"))
	}
	n.m.changed()
	return ok("")
}

func (n *NVMe) tee(c run.Cmd) run.Result {
	p, value := c.Argv[1], strings.TrimSpace(string(c.Stdin))
	if n.m.files.at(p) == nil {
		return fail(1, "tee: %s: No such file or directory", p)
	}
	dir := path.Dir(p)
	dev := n.m.lookDevice(n.get(dir + "/device_path"))
	switch base := path.Base(p); {
	case base == "enable" && value == "1" && dev == nil:
		return fail(1, "tee: %s: No such file or directory", p)
	case base == "enable" && dev != nil && value == "1":
		dev.holders["nvmet"] = true
	case base == "enable" && dev != nil:
		delete(dev.holders, "nvmet")
	case strings.HasPrefix(base, "device_") && n.get(dir+"/enable") == "1":
		return fail(1, "tee: %s: Device or resource busy", p)
	}
	n.put(p, value)
	n.m.changed()
	return ok("%s\n", value)
}

func (n *NVMe) ln(c run.Cmd) run.Result {
	target, p := c.Argv[2], c.Argv[3]
	if n.m.files.at(target) == nil {
		return fail(1, "ln: failed to create symbolic link '%s': No such file or directory", p)
	}
	if err := n.m.files.enter(p, n.m.files.newNode(p, 'l')); err != nil {
		return fail(1, "ln: failed to create symbolic link '%s': %v", p, err)
	}
	n.m.changed()
	return ok("")
}

func (n *NVMe) rm(c run.Cmd) run.Result {
	if n.m.files.at(c.Argv[1]) == nil {
		return fail(1, "rm: cannot remove '%s': No such file or directory", c.Argv[1])
	}
	n.m.files.unlink(c.Argv[1])
	n.m.changed()
	return ok("")
}

func (n *NVMe) rmdir(c run.Cmd) run.Result {
	p := c.Argv[1]
	if n.m.files.at(p) == nil {
		return fail(1, "rmdir: failed to remove '%s': No such file or directory", p)
	}
	busy := n.get(p+"/enable") == "1"
	for _, below := range []string{"subsystems", "namespaces"} {
		busy = busy || len(n.m.files.names(path.Join(p, below))) > 0
	}
	linked, _ := n.m.glob(nvmetDir + "/ports/*/subsystems/" + path.Base(p))
	if busy || path.Base(path.Dir(p)) == "subsystems" && len(linked) > 0 {
		return fail(1, "rmdir: failed to remove '%s': Device or resource busy", p)
	}
	n.m.files.rmdir(p)
	n.m.changed()
	return ok("")
}

// grep models -r --include=… "" DIR and -H "" FILE….
func (n *NVMe) grep(c run.Cmd) run.Result {
	var includes, rest []string
	for _, a := range c.Argv[1:] {
		if glob, is := strings.CutPrefix(a, "--include="); is {
			includes = append(includes, glob)
		} else if a != "-r" && a != "-H" {
			rest = append(rest, a)
		}
	}
	files := rest[1:]
	if slices.Contains(c.Argv, "-r") {
		files = nil
		for dir := range n.m.files.dirs {
			for name, node := range n.m.files.dirs[dir] {
				fits := slices.ContainsFunc(includes, func(g string) bool { hit, _ := path.Match(g, name); return hit })
				if strings.HasPrefix(dir+"/", rest[1]+"/") && node.kind == 'f' && fits {
					files = append(files, path.Join(dir, name))
				}
			}
		}
		slices.Sort(files)
	}
	var res run.Result
	for _, f := range files {
		if n.m.files.at(f) == nil {
			return fail(2, "grep: %s: No such file or directory", f)
		}
		res.Stdout = fmt.Appendf(res.Stdout, "%s:%s\n", f, n.get(f))
	}
	if len(files) == 0 {
		res.ExitCode = 1
	}
	return res
}

func (n *NVMe) nvme(c run.Cmd) run.Result {
	o := map[string]string{}
	for _, a := range c.Argv[2:] {
		k, v, _ := strings.Cut(a, "=")
		o[k] = v
	}
	switch c.Argv[1] {
	case "version":
		return ok("nvme version 2.3 (git 2.3)\n")
	case "ns-rescan":
		id, _ := strconv.Atoi(strings.TrimPrefix(c.Argv[2], "/dev/nvme"))
		if n.conns[id] == nil {
			return fail(1, "%s: No such file or directory", c.Argv[2])
		}
		n.resize(id)
		return ok("")
	case "disconnect":
		for id, conn := range n.conns {
			if conn.nqn == o["--nqn"] {
				n.disconnect(id)
				n.m.changed()
			}
		}
		return ok("NQN:%s disconnected 1 controller(s)\n", o["--nqn"])
	case "connect":
		conn := &nvmeConn{nqn: o["--nqn"], address: o["--traddr"], service: o["--trsvcid"], transport: o["--transport"], spaces: map[string]string{}}
		if n.m.files.at(nvmeFabricsDev) == nil {
			return fail(1, "Failed to open /dev/nvme-fabrics: No such file or directory")
		}
		if n.fabric.target(n, conn) == nil {
			return fail(1, "Failed to write to /dev/nvme-fabrics: Connection refused")
		}
		id := 0
		for n.conns[id] != nil {
			id++
		}
		n.conns[id] = conn
		n.m.changed()
		return ok("")
	}
	return usage(c, "the command")
}

// target finds the machine that offers a subsystem; nil for none that is reached.
func (f *Fabric) target(from *NVMe, c *nvmeConn) *NVMe {
	for _, n := range f.nodes {
		if n.m.off || f.net.cut[pair(from.m.name, n.m.name)] {
			continue
		}
		links, _ := n.m.glob(nvmetDir + "/ports/*/subsystems/" + c.nqn)
		for _, l := range links {
			p := path.Dir(path.Dir(l))
			if n.get(p+"/addr_traddr") == c.address && n.get(p+"/addr_trsvcid") == c.service && n.get(p+"/addr_trtype") == c.transport {
				return n
			}
		}
	}
	return nil
}

// settle lets all connections see what their targets offer.
func (f *Fabric) settle() {
	for _, n := range f.nodes {
		for _, id := range slices.Sorted(maps.Keys(n.conns)) {
			n.follow(id, f.target(n, n.conns[id]))
		}
	}
}

func (n *NVMe) follow(id int, target *NVMe) {
	c := n.conns[id]
	dir := fmt.Sprintf("%s/nvme%d", nvmeCtrlDir, id)
	n.put(dir+"/subsysnqn", c.nqn)
	n.put(dir+"/address", fmt.Sprintf("traddr=%s,trsvcid=%s,src_addr=10.0.0.9", c.address, c.service))
	n.put(dir+"/transport", c.transport)
	n.put(fmt.Sprintf("%s/nvme-subsys%d/subsysnqn", nvmeSubsysDir, id), c.nqn)
	if target == nil {
		n.put(dir+"/state", "connecting")
		return
	}
	n.put(dir+"/state", "live")
	base := nvmetDir + "/subsystems/" + c.nqn + "/namespaces"
	for space := range c.spaces {
		if target.get(path.Join(base, space, "enable")) != "1" {
			n.lose(id, space)
		}
	}
	for _, space := range target.m.files.names(base) {
		p := target.get(path.Join(base, space, "device_path"))
		dev := target.m.lookDevice(p)
		if dev == nil || target.get(path.Join(base, space, "enable")) != "1" || c.spaces[space] != "" {
			continue
		}
		name := fmt.Sprintf("nvme%dn%s", id, space)
		c.spaces[space] = name
		n.m.addDevice(&Device{Path: "/dev/" + name, SizeBytes: dev.SizeBytes, Type: "disk", Content: dev.content()})
		at := fmt.Sprintf("%s/nvme-subsys%d/%s", nvmeSubsysDir, id, name)
		n.put(at+"/nsid", space)
		n.put(at+"/uuid", target.get(path.Join(base, space, "device_uuid")))
		n.put(at+"/size", strconv.FormatInt(dev.SizeBytes/512, 10))
	}
}

// resize shows the sizes that the target's devices have now.
func (n *NVMe) resize(id int) {
	c := n.conns[id]
	target := n.fabric.target(n, c)
	for space, name := range c.spaces {
		if target == nil {
			return
		}
		dev := target.m.lookDevice(target.get(nvmetDir + "/subsystems/" + c.nqn + "/namespaces/" + space + "/device_path"))
		if mine := n.m.lookDevice("/dev/" + name); dev != nil && mine != nil && mine.SizeBytes != dev.SizeBytes {
			mine.SizeBytes = dev.SizeBytes
			n.put(fmt.Sprintf("%s/nvme-subsys%d/%s/size", nvmeSubsysDir, id, name), strconv.FormatInt(dev.SizeBytes/512, 10))
		}
	}
}

func (n *NVMe) lose(id int, space string) {
	name := n.conns[id].spaces[space]
	n.m.removeDevice("/dev/" + name)
	n.m.files.rmdir(fmt.Sprintf("%s/nvme-subsys%d/%s", nvmeSubsysDir, id, name))
	delete(n.conns[id].spaces, space)
}

func (n *NVMe) disconnect(id int) {
	for space := range maps.Clone(n.conns[id].spaces) {
		n.lose(id, space)
	}
	n.m.files.rmdir(fmt.Sprintf("%s/nvme%d", nvmeCtrlDir, id))
	n.m.files.rmdir(fmt.Sprintf("%s/nvme-subsys%d", nvmeSubsysDir, id))
	delete(n.conns, id)
}

// Grow makes a device of the machine larger, as a volume manager would.
func (m *Machine) Grow(device string, sizeBytes int64) error {
	return m.withDevice(device, func(d *Device) error { d.SizeBytes = sizeBytes; return nil })
}
