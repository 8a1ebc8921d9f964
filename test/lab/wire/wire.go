// Package wire is what the lab's host side and the agent inside a lab machine
// say to each other: paths and bodies of a few HTTP requests.
//
// Invariant: both sides are built from the same source, so there are no versions
// and no compatibility to keep. It must hold no behaviour.
package wire

// Port is where the agent listens, on the management network only the host can reach.
const Port = 7700

// The agent's requests.
const (
	PathExec   = "/exec"   // POST Exec → Outcome
	PathDaemon = "/daemon" // POST Daemon → Started
	PathFile   = "/file"   // PUT and GET, query: path, mode (octal)
	PathClock  = "/clock"  // POST Clock
	PathShell  = "/shell"  // GET, upgraded to the bytes of a terminal
)

// ShellProtocol is the name of the upgraded connection of PathShell.
const ShellProtocol = "lab-terminal"

// ProbeMarker is printed on the console by a machine that was booted only to
// find out whether this kind of acceleration can run a guest at all.
const ProbeMarker = "LAB-PROBE-REACHED-USER-SPACE"

// ProbeArgument is the kernel argument that asks for it.
const ProbeArgument = "lab.probe"

// Exec is one command to be run to its end. It passes through no shell.
type Exec struct {
	Argv  []string
	Stdin []byte
	Env   []string
}

// Outcome is what an ended command has left. A command that could not be started
// has exit code 127 and the reason on Stderr.
type Outcome struct {
	Stdout   []byte
	Stderr   []byte
	ExitCode int
}

// Daemon is a command to be left running, in a session of its own, with its
// output appended to /var/log/lab/<Name>.log.
type Daemon struct {
	Name string
	Argv []string
	Env  []string
}

// Started is the process of a Daemon.
type Started struct{ PID int }

// Clock sets the machine's time and stirs its random pool: a machine restored
// from saved state would live in the past and repeat its identifiers.
type Clock struct {
	UnixNano int64
	Entropy  []byte
}
