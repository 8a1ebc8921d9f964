package sim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// Follow models a command that does not end: it answers the lines that it begins
// with, and gets further ones by publish. It runs with the machine's lock held.
type Follow func(m *Machine, c run.Cmd, f *follower) ([]string, error)

// follower is one command that is being followed.
type follower struct {
	lines []string
	// wake holds one token while there may be something to do. It is a channel, so
	// that whoever waits in a synctest bubble is seen to be idle.
	wake chan struct{}
}

func (f *follower) ring() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// publish hands a line to a follower.
func (f *follower) publish(line string) {
	f.lines = append(f.lines, line)
	f.ring()
}

var (
	_ run.Streamer = (*Process)(nil)
	_ run.Streamer = (*Machine)(nil)
)

// Stream follows a command until the context or the process ends. Faults do not
// strike it, and it is not recorded: it is not known when a watcher listens.
func (p *Process) Stream(ctx context.Context, c run.Cmd, line func(string)) error {
	m, f := p.m, &follower{wake: make(chan struct{}, 1)}
	var lines []string
	var err error
	m.do(func() {
		follow, found := m.follows[c.Argv[0]]
		switch err = p.alive(); {
		case err != nil:
		case !found:
			err = fmt.Errorf("run %s: executable not found: %w", c.Argv[0], fs.ErrNotExist)
		default:
			if lines, err = follow(m, c, f); err == nil {
				m.followers = append(m.followers, f)
			}
		}
	})
	if err != nil {
		return err
	}
	defer m.do(func() { m.followers = slices.DeleteFunc(m.followers, func(o *follower) bool { return o == f }) })
	for {
		for _, l := range lines {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			line(l)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.wake:
		}
		m.do(func() { lines, f.lines, err = f.lines, nil, p.alive() })
		if err != nil {
			return err
		}
	}
}

// Stream follows a command as the machine's own process.
func (m *Machine) Stream(ctx context.Context, c run.Cmd, line func(string)) error {
	return m.own().Stream(ctx, c, line)
}

// ringAll lets every follower look whether its process is still alive.
func (m *Machine) ringAll() {
	for _, f := range m.followers {
		f.ring()
	}
}

// followEvents models drbdsetup events2 [--statistics] [--full] without --now.
func (d *DRBD) followEvents(_ *Machine, c run.Cmd, _ *follower) ([]string, error) {
	o, bad := parseArgs(c, "statistics", "full")
	if bad != nil || len(o.rest) != 1 || o.rest[0] != "events2" || !o.has("statistics") {
		return nil, errors.New("drbdsetup: sim: only events2 --statistics can be followed")
	}
	var out []string
	for _, r := range d.sorted() {
		for _, n := range r.lines() {
			out = append(out, "exists "+n.String())
		}
	}
	return append(out, "exists -"), nil
}

// tell hands an event to whoever asks for it later, and to the followers.
func (d *DRBD) tell(line string) {
	d.events = append(d.events, line)
	for _, f := range d.m.followers {
		f.publish(line)
	}
}
