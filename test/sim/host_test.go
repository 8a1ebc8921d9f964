package sim_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// dice are random numbers for what runs at the same time as the driver.
type dice struct {
	mu  sync.Mutex
	rnd *rand.Rand
}

func newDice(seed, stream uint64) *dice { return &dice{rnd: rand.New(rand.NewPCG(seed, stream))} }

func (d *dice) hit(p float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rnd.Float64() < p
}

func (d *dice) upTo(limit time.Duration) time.Duration {
	if limit <= 0 {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Duration(d.rnd.Int64N(int64(limit)))
}

// slowHost takes its time for everything that changes the machine, so that there
// is something to happen in between.
type slowHost struct {
	run.Host
	dice *dice
	most time.Duration
	calm calm
}

// calm notices a satellite that works without end and gets nowhere: it runs more
// commands in a second than any real work takes, which is a hundred.
type calm struct {
	s     *simulation
	mu    sync.Mutex
	since time.Time
	last  []string
}

const commandsInASecond = 1500

func (c *calm) note(cmd run.Cmd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.since) > time.Second {
		c.since, c.last = now, c.last[:0]
	}
	c.last = append(c.last, cmd.String())
	if len(c.last) > commandsInASecond {
		panic("a satellite runs commands without end:\n" + strings.Join(c.last[len(c.last)-60:], "\n") + "\n" + c.s.story())
	}
}

// jostle lets others go first now and then. The chance is that of the program and not
// the seed's, as for the order in which a select finds what is ready: with another one,
// the same things happen in another order.
func jostle() {
	for range rand.IntN(8) - 4 {
		runtime.Gosched()
	}
	if rand.IntN(40) == 0 {
		time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
	}
}

func (h *slowHost) wait(ctx context.Context) {
	jostle()
	if d := h.dice.upTo(h.most); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
}

func (h *slowHost) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	h.wait(ctx)
	h.calm.note(c)
	defer jostle()
	return h.Host.Run(ctx, c)
}

// Stream follows a command as the host does.
func (h *slowHost) Stream(ctx context.Context, c run.Cmd, line func(string)) error {
	s, ok := h.Host.(run.Streamer)
	if !ok {
		return errors.New("the host cannot follow commands")
	}
	return s.Stream(ctx, c, line)
}

func (h *slowHost) WriteFile(ctx context.Context, f run.File) error {
	h.wait(ctx)
	return h.Host.WriteFile(ctx, f)
}

func (h *slowHost) Remove(ctx context.Context, path string) error {
	h.wait(ctx)
	return h.Host.Remove(ctx, path)
}
