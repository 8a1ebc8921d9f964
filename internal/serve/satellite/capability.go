package satellite

import (
	"context"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

// supportPatience is how long a controller waits for a fresh look at what the host can
// do when an earlier answer is at hand. The look runs the tools of every layer, and a
// host under heavy load would else never get through the greeting.
const supportPatience = 2 * time.Second

// lookLimit ends a look whose tools hang; what was found by then counts.
const lookLimit = time.Minute

// capability remembers what the host can do, and looks again whenever it is asked.
type capability struct {
	look func(context.Context) wire.Welcome

	mu      sync.Mutex
	known   *wire.Welcome
	looking chan struct{}
}

// ask answers with a fresh look, or with the last one where the fresh one takes too
// long. One look at a time is under way, and everybody waits for that.
func (c *capability) ask(ctx context.Context) wire.Welcome {
	done := c.begin(ctx)
	c.mu.Lock()
	first := c.known == nil
	c.mu.Unlock()
	var late <-chan time.Time
	if !first {
		t := time.NewTimer(supportPatience)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-done:
	case <-late:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		return wire.Welcome{}
	}
	return *c.known
}

// begin starts a look unless one is under way; it goes on when who asked has left.
func (c *capability) begin(ctx context.Context) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looking != nil {
		return c.looking
	}
	done := make(chan struct{})
	c.looking = done
	go func() {
		within, end := context.WithTimeout(context.WithoutCancel(ctx), lookLimit)
		defer end()
		w := c.look(within)
		c.mu.Lock()
		c.known, c.looking = &w, nil
		c.mu.Unlock()
		close(done)
	}()
	return done
}
