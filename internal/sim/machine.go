package sim

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Tool models one command. It runs with the machine's lock held.
type Tool func(m *Machine, c run.Cmd) run.Result

// Machine is a simulated machine. As a run.Host it acts as its own first
// process; see Process for more than one.
type Machine struct {
	mu      *sync.Mutex // that of the network, once the machine has joined one
	name    string
	tools   map[string]Tool
	files   *tree
	devices map[string]*Device
	aliases map[string]string
	loops   map[int]*loop
	mounts  map[string]string // device path → mount point
	dm      int               // the next number of the device mapper

	faults  Faults
	full    bool // a Full fault is in effect for the operation under way
	records []Record
	silent  bool // keeps no records
	seq     int
	touched bool

	self      Process
	gen       int
	off       bool
	powerLoss []func()
	plants    []plant
	// follows are the tools that can be followed, followers those who do.
	follows   map[string]Follow
	followers []*follower
}

var _ run.Host = (*Machine)(nil)

// NewMachine makes a machine with a root file system (ext4, 64 GiB, no reflinks)
// and the tools of the base system.
func NewMachine(name string) *Machine {
	m := &Machine{
		mu:      &sync.Mutex{},
		name:    name,
		tools:   map[string]Tool{},
		files:   newTree(),
		devices: map[string]*Device{},
		aliases: map[string]string{},
		loops:   map[int]*loop{},
		mounts:  map[string]string{},
		faults:  NoFaults{},
		follows: map[string]Follow{},
	}
	m.self.m = m
	m.files.mount("/", FileSystem{Type: "ext4", CapacityBytes: 64 << 30})
	for _, dir := range []string{"/dev", "/etc", "/tmp", "/var/lib", "/run"} {
		m.files.mkdirAll(dir)
	}
	for _, table := range []map[string]Tool{coreTools(), findTools(), loopTools(), blockTools(), mkfsTools()} {
		for name, t := range table {
			m.Register(name, t)
		}
	}
	return m
}

// Name is the machine's name.
func (m *Machine) Name() string { return m.name }

// Register installs a tool, replacing one of the same name.
func (m *Machine) Register(name string, t Tool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tools[name] = t
}

// Uninstall removes a tool, as on a machine that lacks the package.
func (m *Machine) Uninstall(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.tools, name)
}

// Tools lists the installed tools, sorted.
func (m *Machine) Tools() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.tools))
}

// SetFaults sets what goes wrong from now on; nil means nothing.
func (m *Machine) SetFaults(f Faults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f == nil {
		f = NoFaults{}
	}
	m.faults = f
}

// OnPowerLoss registers what a tool family loses when the power goes. The hook
// runs with the lock held.
func (m *Machine) OnPowerLoss(hook func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.powerLoss = append(m.powerLoss, hook)
}

// do runs f with the machine's lock held: the way for a tool family's exported
// test helpers to reach the unexported state.
func (m *Machine) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// changed notes that the operation under way has changed the machine.
func (m *Machine) changed() { m.touched = true }

// nextDM names a new device of the device mapper.
func (m *Machine) nextDM() string {
	m.dm++
	return fmt.Sprintf("dm-%d", m.dm-1)
}

// Answers of tools.

func ok(format string, args ...any) run.Result {
	if len(args) == 0 {
		return run.Result{Stdout: []byte(format)}
	}
	return run.Result{Stdout: fmt.Appendf(nil, format, args...)}
}

func fail(code int, format string, args ...any) run.Result {
	return run.Result{ExitCode: code, Stderr: fmt.Appendf(nil, format+"\n", args...)}
}

// usage is the answer to a command line that the tool's model does not know.
func usage(c run.Cmd, what string) run.Result {
	return fail(64, "%s: sim: not modelled: %s (in: %s)", c.Argv[0], what, c)
}
