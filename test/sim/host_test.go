package sim_test

import (
	"context"
	"errors"
	"math/rand/v2"
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
}

func (h *slowHost) wait(ctx context.Context) {
	if d := h.dice.upTo(h.most); d > 0 {
		select {
		case <-time.After(d):
		case <-ctx.Done():
		}
	}
}

func (h *slowHost) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	h.wait(ctx)
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
