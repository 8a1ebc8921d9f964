package sim_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

var errLost = errors.New("the connection was reset")

// trouble is what happens to messages: the chance of each kind.
type trouble struct {
	request, reply, twice, late, again, silence float64
}

// wires are all connections of a run; they also check that satellites keep off
// controllers that were deposed.
type wires struct {
	s    *simulation
	dice *dice

	mu      sync.Mutex
	trouble trouble
	// led is the highest epoch by run of a satellite.
	led map[string]uint64
	// past holds sets that were sent before, by node, to be sent again.
	past map[string][]func()
}

func newWires(s *simulation, d *dice) *wires {
	return &wires{s: s, dice: d, led: map[string]uint64{}, past: map[string][]func(){}}
}

func (w *wires) set(t trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trouble = t
}

func (w *wires) now() trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trouble
}

// forget drops the messages to a satellite that was restarted.
func (w *wires) forget(node string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.past, node)
}

func (w *wires) wrap(n *cluster.Node, p link.Peer) link.Peer {
	return &noisy{Peer: p, w: w, node: n.Name}
}

// noisy is one connection.
type noisy struct {
	link.Peer
	w       *wires
	node    string
	session string
}

func (n *noisy) before(ctx context.Context, what string) error {
	jostle()
	t := n.w.now()
	if n.w.dice.hit(t.late) {
		n.w.s.counts.inc("late messages", 1)
		select {
		case <-time.After(n.w.dice.upTo(3 * time.Second)):
		case <-ctx.Done():
		}
	}
	if n.w.dice.hit(t.request) {
		n.w.s.counts.inc("lost requests", 1)
		n.w.s.journal.note("link: %s to %s is lost", what, n.node)
		return errLost
	}
	return nil
}

func (n *noisy) after(what string, err error) error {
	jostle()
	if err == nil && n.w.dice.hit(n.w.now().reply) {
		n.w.s.counts.inc("lost replies", 1)
		n.w.s.journal.note("link: the reply to %s from %s is lost", what, n.node)
		return errLost
	}
	return err
}

func (n *noisy) Hello(ctx context.Context, h wire.Hello) (wire.Welcome, error) {
	if err := n.before(ctx, "hello"); err != nil {
		return wire.Welcome{}, err
	}
	w, err := n.Peer.Hello(ctx, h)
	if err == nil {
		n.session = n.node + " " + w.Session
		n.w.admitted(n.session, h.Fence)
	}
	return w, n.after("hello", err)
}

func (n *noisy) Apply(ctx context.Context, set wire.Set) (wire.Applied, error) {
	if err := n.before(ctx, "set"); err != nil {
		return wire.Applied{}, err
	}
	a, err := n.apply(ctx, set)
	if n.w.dice.hit(n.w.now().twice) {
		n.w.s.counts.inc("repeated messages", 1)
		_, _ = n.apply(ctx, set)
	}
	if n.w.dice.hit(max(n.w.now().again, .2)) {
		n.w.keep(n, set)
	}
	return a, n.after("set", err)
}

func (n *noisy) Ping(ctx context.Context, f wire.Fence) error {
	if err := n.before(ctx, "ping"); err != nil {
		return err
	}
	return n.after("ping", n.Peer.Ping(ctx, f))
}

func (n *noisy) Watch(ctx context.Context, f wire.Fence, tell func(wire.Report)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := n.Peer.Watch(ctx, f, func(r wire.Report) {
		jostle()
		if context.Cause(ctx) != nil {
			return
		}
		if n.w.dice.hit(n.w.now().silence) {
			n.w.s.counts.inc("broken streams", 1)
			n.w.s.journal.note("link: the reports of %s break off", n.node)
			cancel(errLost)
			return
		}
		tell(r)
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// admitted notes that a satellite lets a controller in.
func (w *wires) admitted(session string, f wire.Fence) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.led[session] = max(w.led[session], f.Epoch)
}

// apply delivers a set and checks that it is not taken from a controller of the past.
func (n *noisy) apply(ctx context.Context, set wire.Set) (wire.Applied, error) {
	n.w.mu.Lock()
	led := n.w.led[n.session]
	n.w.mu.Unlock()
	a, err := n.Peer.Apply(ctx, set)
	if err == nil && set.Fence.Epoch < led {
		n.w.s.fail("satellite %s took a set of epoch %d after epoch %d had begun", n.session, set.Fence.Epoch, led)
	}
	return a, err
}

// keep takes a set along that the network delivers again much later.
func (w *wires) keep(n *noisy, set wire.Set) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.past[n.node] = append(w.past[n.node], func() {
		_, err := n.apply(context.Background(), set)
		w.s.journal.note("link: set %d→%d (full %v) arrives at %s again: %v", set.Base, set.Number, set.Full, n.node, outcome(err))
	})
}

// replay delivers one kept set of a node.
func (w *wires) replay(pick func(n int) int) {
	w.mu.Lock()
	var send func()
	names := sorted(w.past)
	if len(names) > 0 {
		past := w.past[names[pick(len(names))]]
		send = past[pick(len(past))]
	}
	w.mu.Unlock()
	if send != nil {
		w.s.counts.inc("stale messages", 1)
		send()
	}
}

func outcome(err error) string {
	if err == nil {
		return "taken"
	}
	return fmt.Sprintf("refused: %v", err)
}
