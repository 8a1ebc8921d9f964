package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Process is one run of a program on the machine. After a crash all its calls
// fail with ErrCrashed, so a program that was killed cannot act any more.
type Process struct {
	m   *Machine
	gen int
	// quiet looks at the machine from outside: no fault strikes it.
	quiet bool
}

var _ run.Host = (*Process)(nil)

// Process starts a new process; a machine without power is booted.
func (m *Machine) Process() *Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = false
	return &Process{m: m, gen: m.gen}
}

// Observer is a way for a test to look at the machine with the same tools, whatever
// state it is in, without being struck by faults or counted.
func (m *Machine) Observer() *Process { return &Process{m: m, quiet: true} }

// Restart makes the machine itself usable as a Host again after a crash or a
// power loss.
func (m *Machine) Restart() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = false
	m.self.gen = m.gen
}

// Crash kills every process at once.
func (m *Machine) Crash() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gen++
	m.ringAll()
}

// PowerLoss takes the power away; lost is how many of the newest changes to files
// that nobody synced are gone, −1 for all.
func (m *Machine) PowerLoss(lost int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.powerOff(lost)
}

func (m *Machine) powerOff(lost int) {
	m.gen++
	m.off = true
	m.ringAll()
	for _, l := range m.loops {
		m.dropLoop(l)
	}
	clear(m.mounts)
	m.plants = slices.DeleteFunc(m.plants, func(p plant) bool { return p.volatile })
	for _, d := range m.devices {
		clear(d.holders)
	}
	m.files.loseUnsynced(lost)
	for _, hook := range m.powerLoss {
		hook()
	}
}

// Alive tells whether the process still runs.
func (p *Process) Alive() (alive bool) {
	p.m.do(func() { alive = p.alive() == nil })
	return alive
}

func (p *Process) alive() error {
	switch {
	case p.quiet:
		return nil
	case p.m.off:
		return ErrPowerLoss
	case p.gen != p.m.gen:
		return ErrCrashed
	}
	return nil
}

// operate wraps one operation with the faults before and after it.
func (p *Process) operate(ctx context.Context, pt Point, do func() error) error {
	m := p.m
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.quiet {
		return do()
	}
	if err := p.alive(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.seq++
	pt.Seq, m.touched = m.seq, false
	before := m.faults.At(pt)
	if done, err := m.strike(before, pt); done {
		return err
	}
	m.full = before.Kind == Full
	m.files.full = m.full
	err := do()
	m.full, m.files.full = false, false
	pt.After, pt.Changing, pt.Err = true, m.touched, err
	if done, ferr := m.strike(m.faults.At(pt), pt); done {
		return ferr
	}
	return err
}

// Run runs one command.
func (p *Process) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	var res run.Result
	pt := Point{Op: OpRun, Cmd: c}
	err := p.operate(ctx, pt, func() error {
		tool, found := p.m.tools[c.Argv[0]]
		if !found {
			return fmt.Errorf("run %s: executable not found: %w", c.Argv[0], fs.ErrNotExist)
		}
		res = tool(p.m, c)
		p.m.record(c, res)
		return nil
	})
	if f, isExit := errors.AsType[*exitFault](err); isExit {
		p.m.do(func() { p.m.touched = false; p.m.record(c, f.result) })
		return f.result, nil
	}
	if err != nil {
		return run.Result{}, err
	}
	return res, nil
}

// ReadFile reads a file.
func (p *Process) ReadFile(ctx context.Context, path string) ([]byte, error) {
	var data []byte
	err := p.operate(ctx, Point{Op: OpRead, Path: path}, func() (err error) {
		data, err = p.m.readFile(path)
		return err
	})
	return data, err
}

// WriteFile writes a file, durably.
func (p *Process) WriteFile(ctx context.Context, f run.File) error {
	return p.operate(ctx, Point{Op: OpWrite, Path: f.Path}, func() error { return p.m.writeFile(f) })
}

// Remove removes a file, durably.
func (p *Process) Remove(ctx context.Context, path string) error {
	return p.operate(ctx, Point{Op: OpRemove, Path: path}, func() error { return p.m.removeFile(path) })
}

// Glob lists matching paths.
func (p *Process) Glob(ctx context.Context, pattern string) ([]string, error) {
	var out []string
	err := p.operate(ctx, Point{Op: OpGlob, Path: pattern}, func() (err error) {
		out, err = p.m.glob(pattern)
		return err
	})
	return out, err
}

// The machine as a Host.

// Run runs one command as the machine's own process.
func (m *Machine) Run(ctx context.Context, c run.Cmd) (run.Result, error) { return m.own().Run(ctx, c) }

// ReadFile reads a file as the machine's own process.
func (m *Machine) ReadFile(ctx context.Context, path string) ([]byte, error) {
	return m.own().ReadFile(ctx, path)
}

// WriteFile writes a file as the machine's own process.
func (m *Machine) WriteFile(ctx context.Context, f run.File) error { return m.own().WriteFile(ctx, f) }

// Remove removes a file as the machine's own process.
func (m *Machine) Remove(ctx context.Context, path string) error { return m.own().Remove(ctx, path) }

// Glob lists matching paths as the machine's own process.
func (m *Machine) Glob(ctx context.Context, pattern string) ([]string, error) {
	return m.own().Glob(ctx, pattern)
}

func (m *Machine) own() *Process {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.self
	return &p
}
