package nvme

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Where the kernel shows targets and controllers.
const (
	configDir    = "/sys/kernel/config/nvmet"
	controllers  = "/sys/class/nvme"
	subsystemDir = "/sys/class/nvme-subsystem"
	fabricsDev   = "/dev/nvme-fabrics"
)

// seen is everything of NVMe over fabrics on a node.
type seen struct {
	// loaded tells that the kernel's target is there, fabrics that its initiator is.
	loaded, fabrics bool
	// subsystems by name, as this node offers them.
	subsystems map[string]*subsystem
	ports      map[int]*port
	// connected are the subsystems that this node uses, by name.
	connected map[string]*connection
}

type subsystem struct {
	serial     string
	anyHost    bool
	namespaces map[int]*namespace
}

type namespace struct {
	path, uuid string
	enabled    bool
}

type port struct {
	transport, address, family, service string
	// links are the names of the subsystems that are reached there.
	links []string
}

type connection struct {
	paths      []via
	namespaces map[int]remote
}

// via is a controller: one way to a subsystem.
type via struct{ name, transport, address, service, state string }

// remote is a namespace as an initiator sees it.
type remote struct {
	device, uuid string
	sizeKiB      int64
}

// Scan reads the kernel's files with at most two commands.
func (*Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	s := &seen{subsystems: map[string]*subsystem{}, ports: map[int]*port{}, connected: map[string]*connection{}}
	fabrics, err := h.Glob(ctx, fabricsDev)
	if err != nil {
		return nil, fmt.Errorf("look for NVMe over fabrics: %w", err)
	}
	s.fabrics = len(fabrics) > 0
	if err := s.targets(ctx, h); err != nil {
		return nil, fmt.Errorf("look at NVMe targets: %w", err)
	}
	if err := s.initiators(ctx, h); err != nil {
		return nil, fmt.Errorf("look at NVMe controllers: %w", err)
	}
	return s, nil
}

// values runs a grep that prints every file with its line.
func values(ctx context.Context, h run.Host, c run.Cmd) (map[string]string, error) {
	r, err := h.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	if r.ExitCode > 1 {
		// A file went away in the middle: what was read is half of something.
		return nil, &run.ExitError{Cmd: c, Result: r}
	}
	out := map[string]string{}
	for l := range strings.Lines(string(r.Stdout)) {
		file, value := splitLine(strings.TrimRight(l, "\n"))
		out[file] = strings.TrimSpace(value)
	}
	return out, nil
}

var attribute = regexp.MustCompile(`^(/.*?/(?:attr_serial|attr_allow_any_host|device_path|device_uuid|enable|addr_[a-z]+|` +
	`subsysnqn|address|transport|state|nsid|uuid|size)):(.*)$`)

// splitLine reads FILE:VALUE. The names of subsystems, which are directories, have
// colons too.
func splitLine(line string) (file, value string) {
	m := attribute.FindStringSubmatch(line)
	if m == nil {
		return line, ""
	}
	return m[1], m[2]
}

func (s *seen) targets(ctx context.Context, h run.Host) error {
	top, err := h.Glob(ctx, configDir+"/*")
	if err != nil || len(top) == 0 {
		return err
	}
	s.loaded = true
	v, err := values(ctx, h, run.Command("grep", "-r", "--include=attr_serial", "--include=attr_allow_any_host", "--include=device_path",
		"--include=device_uuid", "--include=enable", "--include=addr_*", "", configDir))
	if err != nil {
		return err
	}
	subs, err := h.Glob(ctx, configDir+"/subsystems/*")
	if err != nil {
		return err
	}
	for _, dir := range subs {
		s.subsystems[path.Base(dir)] = &subsystem{serial: v[dir+"/attr_serial"], anyHost: v[dir+"/attr_allow_any_host"] == "1", namespaces: map[int]*namespace{}}
	}
	spaces, err := h.Glob(ctx, configDir+"/subsystems/*/namespaces/*")
	if err != nil {
		return err
	}
	for _, dir := range spaces {
		sub := s.subsystems[path.Base(path.Dir(path.Dir(dir)))]
		n, err := strconv.Atoi(path.Base(dir))
		if err != nil || sub == nil {
			return fmt.Errorf("%s has changed in the middle", dir)
		}
		sub.namespaces[n] = &namespace{path: v[dir+"/device_path"], uuid: strings.ToLower(v[dir+"/device_uuid"]), enabled: v[dir+"/enable"] == "1"}
	}
	return s.readPorts(ctx, h, v)
}

func (s *seen) readPorts(ctx context.Context, h run.Host, v map[string]string) error {
	ports, err := h.Glob(ctx, configDir+"/ports/*")
	if err != nil {
		return err
	}
	for _, dir := range ports {
		n, err := strconv.Atoi(path.Base(dir))
		if err != nil {
			return fmt.Errorf("number of %s: %w", dir, err)
		}
		s.ports[n] = &port{transport: v[dir+"/addr_trtype"], address: v[dir+"/addr_traddr"], family: v[dir+"/addr_adrfam"], service: v[dir+"/addr_trsvcid"]}
	}
	links, err := h.Glob(ctx, configDir+"/ports/*/subsystems/*")
	if err != nil {
		return err
	}
	for _, l := range links {
		n, err := strconv.Atoi(path.Base(path.Dir(path.Dir(l))))
		if err != nil || s.ports[n] == nil {
			return fmt.Errorf("%s has changed in the middle", l)
		}
		s.ports[n].links = append(s.ports[n].links, path.Base(l))
	}
	return nil
}

// block is the name of a namespace's device; hidden ones of a single path have a c.
var block = regexp.MustCompile(`^nvme\d+n\d+$`)

func (s *seen) initiators(ctx context.Context, h run.Host) error {
	var files []string
	for _, pattern := range []string{controllers + "/nvme*/subsysnqn", controllers + "/nvme*/address", controllers + "/nvme*/transport",
		controllers + "/nvme*/state", controllers + "/nvme*/nvme*n*/nsid", controllers + "/nvme*/nvme*n*/uuid", controllers + "/nvme*/nvme*n*/size",
		subsystemDir + "/nvme-subsys*/subsysnqn", subsystemDir + "/nvme-subsys*/nvme*n*/nsid",
		subsystemDir + "/nvme-subsys*/nvme*n*/uuid", subsystemDir + "/nvme-subsys*/nvme*n*/size"} {
		found, err := h.Glob(ctx, pattern)
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil
	}
	v, err := values(ctx, h, run.Command(append([]string{"grep", "-H", ""}, files...)...))
	if err != nil {
		return err
	}
	for _, f := range files {
		dir := path.Dir(f)
		switch {
		case path.Base(f) == "subsysnqn":
			c := s.connection(v[f])
			if strings.HasPrefix(dir, controllers+"/") {
				a := fields(v[dir+"/address"])
				c.paths = append(c.paths, via{path.Base(dir), v[dir+"/transport"], a["traddr"], a["trsvcid"], v[dir+"/state"]})
			}
		case path.Base(f) == "nsid" && block.MatchString(path.Base(dir)):
			if err := s.namespace(dir, v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *seen) connection(name string) *connection {
	if s.connected[name] == nil {
		s.connected[name] = &connection{namespaces: map[int]remote{}}
	}
	return s.connected[name]
}

func (s *seen) namespace(dir string, v map[string]string) error {
	n, err := strconv.Atoi(v[dir+"/nsid"])
	if err != nil {
		return fmt.Errorf("number of %s: %w", dir, err)
	}
	sectors, err := strconv.ParseInt(v[dir+"/size"], 10, 64)
	if err != nil {
		return fmt.Errorf("size of %s: %w", dir, err)
	}
	s.connection(v[path.Dir(dir)+"/subsysnqn"]).namespaces[n] = remote{device: path.Base(dir), uuid: strings.ToLower(v[dir+"/uuid"]), sizeKiB: sectors / 2}
	return nil
}

// fields reads traddr=10.0.0.1,trsvcid=4420.
func fields(text string) map[string]string {
	out := map[string]string{}
	for f := range strings.SplitSeq(text, ",") {
		k, v, _ := strings.Cut(f, "=")
		out[k] = v
	}
	return out
}

// probed is what is known of one resource's devices on an initiator.
type probed struct{ busy map[string]string }

// Probe of an initiator finds out who uses its devices, and lets the kernel look for
// volumes that are missing or have grown on the target.
func (*Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	s, _ := in.Observed.(*seen)
	out := &probed{busy: map[string]string{}}
	if s == nil || in.Resource.NVMe == nil || !in.Resource.NVMe.Initiator {
		return out, nil
	}
	c := s.connected[in.Resource.NVMe.Subsystem]
	if c == nil {
		return out, nil
	}
	if !in.Down {
		return out, rescan(ctx, h, in, c)
	}
	mounts, err := h.ReadFile(ctx, "/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("look for mounted devices: %w", err)
	}
	for _, r := range c.namespaces {
		holders, err := h.Glob(ctx, "/sys/class/block/"+r.device+"/holders/*")
		if err != nil {
			return nil, fmt.Errorf("look who holds %s: %w", r.device, err)
		}
		if len(holders) > 0 {
			out.busy[r.device] = path.Base(holders[0]) + " holds it"
		}
		if slices.Contains(strings.Fields(string(mounts)), "/dev/"+r.device) {
			out.busy[r.device] = "it is mounted"
		}
	}
	return out, nil
}

func rescan(ctx context.Context, h run.Host, in layer.Input, c *connection) error {
	lacks := slices.ContainsFunc(in.Volumes, func(v link.Volume) bool { return c.namespaces[nsid(v.Number)].sizeKiB < v.SizeKiB })
	for _, p := range c.paths {
		if !lacks || p.state != "live" {
			continue
		}
		// It fails where the controller goes away just now; the next look tells.
		if _, err := h.Run(ctx, run.Command("nvme", "ns-rescan", "/dev/"+p.name)); err != nil {
			return fmt.Errorf("look for volumes of %s: %w", p.name, err)
		}
	}
	return nil
}
