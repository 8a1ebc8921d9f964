package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// NewDRBD installs the tools of drbd-utils on a machine and joins it to a network.
// The machine's name is its host name in resource files. Install it before the
// machine is used: from then on it shares the network's lock.
func NewDRBD(m *Machine, net *Network) *DRBD {
	d := &DRBD{m: m, net: net, res: map[string]*drbdRes{}, shown: map[string]string{}}
	m.mu = &net.mu
	for name, t := range map[string]func(c run.Cmd) run.Result{"drbdadm": d.drbdadm, "drbdsetup": d.drbdsetup, "drbdmeta": d.drbdmeta} {
		m.Register(name, func(_ *Machine, c run.Cmd) run.Result {
			res := t(c)
			if !looks(c) {
				net.settle()
			}
			return res
		})
	}
	m.OnPowerLoss(d.powerLoss)
	m.do(func() {
		m.files.mkdirAll("/etc/drbd.d")
		net.nodes[m.name] = d
		m.follows["drbdsetup"] = d.followEvents
	})
	return d
}

// looks tells whether a command changes nothing, so that nothing follows from it.
func looks(c run.Cmd) bool {
	words := slices.DeleteFunc(slices.Clone(c.Argv[1:]), func(w string) bool { return strings.HasPrefix(w, "-") })
	if at := map[string]int{"drbdmeta": 4}[c.Argv[0]]; at < len(words) {
		return slices.Contains([]string{"status", "show", "events2", "get-gi", "show-gi", "dump", "dump-md", "sh-nop"}, words[at])
	}
	return slices.Contains(c.Argv, "--version")
}

// powerLoss empties the kernel. Metadata stays as it was last written.
func (d *DRBD) powerLoss() {
	for _, r := range d.sorted() {
		for _, v := range r.sortedVols() {
			d.m.removeDevice(v.dev.Path)
		}
	}
	clear(d.res)
	clear(d.shown)
	d.events = nil
	d.net.settle()
}

// FailDisk lets the lower device of a volume fail, upon which DRBD detaches it. The
// state Failed shows in the events alone.
func (d *DRBD) FailDisk(resource string, volume int) {
	d.net.change(func() {
		if r := d.res[resource]; r != nil && r.vols[volume] != nil && r.vols[volume].md != nil {
			v := r.vols[volume]
			d.tell(fmt.Sprintf("change device name:%s volume:%d minor:%d backing_dev:%s disk:%s client:no quorum:%s",
				r.name, v.nr, v.minor, v.lower, diskFailed, yes(v.quorum)))
			v.detach()
		}
	})
}

// admStep is one call of another tool that drbdadm makes.
type admStep struct {
	argv string
	do   func() *run.Result
}

func (d *DRBD) drbdadm(c run.Cmd) run.Result {
	o, bad := parseArgs(run.Cmd{Argv: backendOptions(c.Argv)}, "c|config-file:", "d|dry-run", "v|verbose", "vvv", "version", "skip-disk", "force", "max-peers:", "assume-clean", "size:", "discard-my-data")
	switch {
	case bad != nil:
		return *bad
	case o.has("version"):
		return ok("DRBDADM_BUILDTAG=simulated\nDRBDADM_API_VERSION=2\nDRBD_KERNEL_VERSION_CODE=0x090212\nDRBD_KERNEL_VERSION=9.2.18\n" +
			"DRBDADM_VERSION_CODE=0x091600\nDRBDADM_VERSION=9.22.0\n")
	case len(o.rest) == 0:
		return usage(c, "no command")
	}
	confs, bad := d.config(o.set["config-file"])
	if bad != nil {
		return *bad
	}
	if o.rest[0] == "sh-nop" && len(o.rest) == 1 {
		return ok("")
	}
	if len(o.rest) != 2 {
		return usage(c, "anything but a command and a resource")
	}
	name, volume, one := strings.Cut(o.rest[1], "/")
	conf := confs[name]
	if conf == nil || conf.hosts[d.m.name] == nil {
		return fail(1, "'%s' not defined in your config (for this host).", name)
	}
	steps, known := d.admSteps(o, conf, func(nr int) bool { return !one || volume == strconv.Itoa(nr) })
	if o.rest[0] == "dump" {
		var b strings.Builder
		fmt.Fprintf(&b, "# resource %s on %s: not ignored, not stacked\n# defined at %s:1\n", name, d.m.name, conf.file)
		dumpStmts(&b, conf.tree, "")
		return ok("%s\n", b.String())
	}
	if !known {
		return usage(c, "the command")
	}
	return runSteps(steps, o.has("dry-run"))
}

// backendOptions are between -- and the command, and meant for the tool below; here
// they are options as all others.
func backendOptions(argv []string) []string {
	return slices.DeleteFunc(slices.Clone(argv), func(w string) bool { return w == "--" })
}

// runSteps makes the calls, or says which. A failed one does not keep back the rest.
func runSteps(steps []admStep, dry bool) run.Result {
	var res run.Result
	for _, s := range steps {
		if dry {
			res.Stdout = append(res.Stdout, s.argv+"\n"...)
			continue
		}
		r := s.do()
		if r == nil {
			continue
		}
		res.Stdout = append(res.Stdout, r.Stdout...)
		res.Stderr = append(res.Stderr, r.Stderr...)
		if r.ExitCode == 0 {
			continue
		}
		res.Stderr = fmt.Appendf(res.Stderr, "Command '%s' terminated with exit code %d\n", s.argv, r.ExitCode)
		if res.ExitCode = 1; r.ExitCode == 11 || r.ExitCode == 17 {
			res.ExitCode = r.ExitCode
		}
	}
	return res
}

func dumpStmts(b *strings.Builder, list []stmt, indent string) {
	for _, s := range list {
		if !s.open {
			fmt.Fprintf(b, "%s%s;\n", indent, strings.Join(s.words, " "))
			continue
		}
		fmt.Fprintf(b, "%s%s {\n", indent, strings.Join(s.words, " "))
		dumpStmts(b, s.block, indent+"    ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

// admSteps are the calls for a command.
func (d *DRBD) admSteps(o options, conf *drbdConf, chosen func(nr int) bool) (steps []admStep, known bool) {
	name, host := conf.name, conf.hosts[d.m.name]
	setup := func(words ...string) {
		steps = append(steps, admStep{"drbdsetup " + strings.Join(words, " "), func() *run.Result {
			r := d.drbdsetup(run.Command(append([]string{"drbdsetup"}, words...)...))
			return &r
		}})
	}
	flag := func(words []string, names ...string) []string {
		for _, n := range names {
			if v, given := o.set[n]; given && v != "" {
				words = append(words, "--"+n+"="+v)
			} else if given {
				words = append(words, "--"+n)
			}
		}
		return words
	}
	switch o.rest[0] {
	case "adjust", "up":
		return d.adjustSteps(conf, o.has("skip-disk")), true
	case "attach":
		return d.attachSteps(conf, chosen), true
	case "down", "secondary":
		setup(o.rest[0], name)
	case "primary":
		setup(flag([]string{"primary", name}, "force")...)
	case "connect", "disconnect":
		for _, id := range conf.peers(d.m.name) {
			setup(flag([]string{o.rest[0], name, strconv.Itoa(id)}, "discard-my-data")...)
		}
	case "detach", "resize", "create-md":
		for _, nr := range slices.Sorted(maps.Keys(host.vols)) {
			v := host.vols[nr]
			minor := strconv.Itoa(v.minor)
			switch {
			case !chosen(nr) || o.rest[0] == "create-md" && v.disk == "":
			case o.rest[0] == "detach":
				setup(flag([]string{"detach", minor}, "force")...)
			case o.rest[0] == "resize":
				setup(flag([]string{"resize", minor}, "size", "assume-clean")...)
			default:
				steps = append(steps, d.createStep(o, conf, v))
			}
		}
	default:
		return nil, false
	}
	return steps, true
}

func (d *DRBD) createStep(o options, conf *drbdConf, v *drbdConfVol) admStep {
	peers := len(conf.hosts) - 1
	if n, err := strconv.Atoi(o.set["max-peers"]); err == nil {
		peers = n
	}
	dev, index := v.disk, "internal"
	if v.meta != "internal" {
		dev, index = v.meta, "flex-external"
	}
	argv := []string{"drbdmeta", strconv.Itoa(v.minor), "v09", dev, index, "create-md", strconv.Itoa(max(peers, 1))}
	if o.has("force") {
		argv = append(argv, "--force")
	}
	return admStep{strings.Join(argv, " "), func() *run.Result {
		r := d.drbdmeta(run.Command(argv...))
		return &r
	}}
}

// peers are the node ids of the peers that a host has connections to.
func (c *drbdConf) peers(host string) (out []int) {
	for _, conn := range c.conns {
		for name := range conn.paths[0] {
			if _, mine := conn.paths[0][host]; mine && name != host && c.hosts[name] != nil {
				out = append(out, c.hosts[name].nodeID)
			}
		}
	}
	slices.Sort(out)
	return out
}

// optionWords are options as they are given to drbdsetup.
func optionWords(opts map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(opts)) {
		fmt.Fprintf(&b, " --%s=%s", k, opts[k])
	}
	return b.String()
}
