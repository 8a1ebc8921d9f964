package cluster

import (
	"context"
	"errors"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// direct ends every call when the satellite is killed.
type direct struct {
	link.Peer
	ctx context.Context
}

func (d *direct) Watch(ctx context.Context, f wire.Fence, tell func(wire.Report)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(d.ctx, cancel)
	defer stop()
	return d.Peer.Watch(ctx, f, tell)
}

// Cut separates the node from the controllers, or joins it again.
func (n *Node) Cut(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
	if cut {
		n.breakAll()
	}
}

// Dead tells whether the satellite was started but its process has ended.
func (n *Node) Dead() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process != nil && !n.process.Alive()
}

// breakAll ends the open connections; the caller holds mu.
func (n *Node) breakAll() {
	close(n.broken)
	n.broken = make(chan struct{})
}

func (n *Node) connect() (link.Peer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.peer == nil || n.cut || !n.process.Alive() {
		return nil, errors.New("connection refused")
	}
	return &connection{Peer: n.peer, process: n.process, broken: n.broken}, nil
}

// connection fails for good once its node was cut off or its satellite has ended.
type connection struct {
	link.Peer
	process *sim.Process
	broken  <-chan struct{}
}

var errCut = errors.New("no route to host")

func (c *connection) check() error {
	select {
	case <-c.broken:
		return errCut
	default:
	}
	if !c.process.Alive() {
		return errCut
	}
	return nil
}

// over tells whether the connection still stands when an answer comes: what was
// asked has happened all the same.
func over[T any](c *connection, out T, err error) (T, error) {
	if cut := c.check(); cut != nil {
		var none T
		return none, cut
	}
	return out, err
}

func (c *connection) Hello(ctx context.Context, h wire.Hello) (wire.Welcome, error) {
	if err := c.check(); err != nil {
		return wire.Welcome{}, err
	}
	w, err := c.Peer.Hello(ctx, h)
	return over(c, w, err)
}

func (c *connection) Apply(ctx context.Context, s wire.Set) (wire.Applied, error) {
	if err := c.check(); err != nil {
		return wire.Applied{}, err
	}
	a, err := c.Peer.Apply(ctx, s)
	return over(c, a, err)
}

func (c *connection) Ping(ctx context.Context, f wire.Fence) error {
	if err := c.check(); err != nil {
		return err
	}
	return c.Peer.Ping(ctx, f)
}

func (c *connection) Watch(ctx context.Context, f wire.Fence, tell func(wire.Report)) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-ctx.Done():
		case <-c.broken:
			cancel(errCut)
		}
	}()
	err := c.Peer.Watch(ctx, f, func(r wire.Report) {
		if err := c.check(); err != nil {
			cancel(err)
			return
		}
		tell(r)
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
