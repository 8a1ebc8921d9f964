package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Errors that faults give; all of them leave the outcome unknown.
var (
	// ErrCrashed is what a killed process gets from every call.
	ErrCrashed = errors.New("sim: the process has crashed")
	// ErrPowerLoss is what a process gets while its machine has no power.
	ErrPowerLoss = errors.New("sim: the machine has lost power")
	// ErrHung is a command that was given up; it matches context.DeadlineExceeded.
	ErrHung = fmt.Errorf("sim: gave up on a command without progress: %w", context.DeadlineExceeded)
	// ErrUnknown is a command whose end nobody saw.
	ErrUnknown = errors.New("sim: the command's outcome is unknown")
)

// Op is a kind of operation of a Host.
type Op string

// Operations of a Host.
const (
	OpRun    Op = "run"
	OpRead   Op = "read"
	OpWrite  Op = "write"
	OpRemove Op = "remove"
	OpGlob   Op = "glob"
)

// Point is a moment at which something may go wrong: before or after one
// operation.
type Point struct {
	// Seq counts operations of the machine from 1.
	Seq  int
	Op   Op
	Cmd  run.Cmd
	Path string
	// After tells the moment after the operation from the one before.
	After bool
	// Changing tells, after the operation, whether it has changed the machine.
	Changing bool
	// Err is, after the operation, its error.
	Err error
}

// Kind is what goes wrong.
type Kind int

// Kinds of faults. Those marked (b) only make sense before an operation.
const (
	// None is no fault.
	None Kind = iota
	// Fail (b) lets a command exit with Fault.Exit, and a file operation fail.
	Fail
	// Hang gives ErrHung, with the change made (after) or not (before).
	Hang
	// Half gives ErrUnknown, with the change made (after) or not (before).
	Half
	// Crash kills every process.
	Crash
	// Power takes the machine's power, and Fault.Lost unsynced changes with it.
	Power
	// Full (b) lets the operation find every file system full.
	Full
)

// Fault is one thing that goes wrong.
type Fault struct {
	Kind   Kind
	Exit   int
	Stderr string
	// Lost is how many unsynced changes a power loss takes; −1 for all.
	Lost int
}

// Faults decides what goes wrong. It is asked before and after each operation
// with the machine's lock held, so it must not call the machine.
type Faults interface {
	At(p Point) Fault
}

// NoFaults is a machine on which all is well.
type NoFaults struct{}

// At gives no fault.
func (NoFaults) At(Point) Fault { return Fault{} }

// FaultFunc is a function as Faults.
type FaultFunc func(p Point) Fault

// At asks the function.
func (f FaultFunc) At(p Point) Fault { return f(p) }

// AfterChange strikes once, right after the nth changing operation from now on,
// counted from 1; 0 strikes before the first operation.
func AfterChange(n int, f Fault) Faults {
	seen, struck := 0, false
	return FaultFunc(func(p Point) Fault {
		if p.After && p.Changing {
			seen++
		}
		if struck || seen < n || (n > 0 && !p.After) {
			return Fault{}
		}
		struck = true
		return f
	})
}

// Rates are the chances (0 to 1) of each kind of fault per operation.
type Rates struct {
	Fail, Hang, Half, Crash, Power, Full float64
}

// Seeded strikes at random, the same way for the same seed and operations.
func Seeded(seed uint64, r Rates) Faults {
	rnd := rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	return FaultFunc(func(p Point) Fault {
		x := rnd.Float64() * 2 // asked twice per operation
		lost := rnd.IntN(4) - 1
		for _, c := range []struct {
			rate  float64
			fault Fault
			once  bool // only before an operation, so its chance is not halved
		}{
			{r.Fail, Fault{Kind: Fail, Exit: 5, Stderr: "simulated failure"}, true},
			{r.Full, Fault{Kind: Full}, true},
			{r.Hang, Fault{Kind: Hang}, false},
			{r.Half, Fault{Kind: Half}, false},
			{r.Crash, Fault{Kind: Crash}, false},
			{r.Power, Fault{Kind: Power, Lost: lost}, false},
		} {
			rate := c.rate
			if c.once {
				rate *= 2
			}
			if c.once && p.After {
				continue
			}
			if x < rate {
				return c.fault
			}
			x -= rate
		}
		return Fault{}
	})
}

// exitFault carries a simulated exit code through operate.
type exitFault struct{ result run.Result }

func (e *exitFault) Error() string { return "sim: simulated exit" }

// strike lets a fault happen; done tells that the operation ends here.
func (m *Machine) strike(f Fault, p Point) (done bool, err error) {
	switch f.Kind {
	case None, Full:
		return false, nil
	case Fail:
		if p.After {
			return false, nil
		}
		if p.Op != OpRun {
			return true, fmt.Errorf("%s %s: sim: simulated input/output error", p.Op, p.Path)
		}
		return true, &exitFault{result: fail(max(f.Exit, 1), "%s", f.Stderr)}
	case Hang:
		return true, ErrHung
	case Half:
		return true, ErrUnknown
	case Crash:
		m.gen++
		m.ringAll()
		return true, ErrCrashed
	case Power:
		m.powerOff(f.Lost)
		return true, ErrPowerLoss
	}
	panic(fmt.Sprintf("sim: fault of unknown kind %d", f.Kind))
}
