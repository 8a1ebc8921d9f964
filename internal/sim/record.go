package sim

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Record is one command that was run.
type Record struct {
	Argv []string
	// Changing tells whether it changed the machine; a probe, or a change that
	// found nothing to do, did not.
	Changing bool
	ExitCode int
}

// String is the command line.
func (r Record) String() string { return run.Command(r.Argv...).String() }

// KeepNoRecord stops the record of commands, which grows with every command, where
// nobody reads it.
func (m *Machine) KeepNoRecord() { m.do(func() { m.silent = true }) }

func (m *Machine) record(c run.Cmd, res run.Result) {
	if m.silent {
		return
	}
	m.records = append(m.records, Record{Argv: slices.Clone(c.Argv), Changing: m.touched, ExitCode: res.ExitCode})
}

// Commands lists every command that ran to its end since the last ForgetCommands.
func (m *Machine) Commands() []Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records)
}

// ForgetCommands empties the record.
func (m *Machine) ForgetCommands() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = nil
}

// Changes are the recorded commands that changed the machine.
func (m *Machine) Changes() []Record {
	return slices.DeleteFunc(m.Commands(), func(r Record) bool { return !r.Changing })
}
