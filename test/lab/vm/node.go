package vm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

// ErrPowerOff is what calls end with when their machine loses power.
var ErrPowerOff = errors.New("the machine is powered off")

// bootPatience is how long a machine may take to answer; emulated on a loaded
// host it has taken half a minute.
const bootPatience = 3 * time.Minute

// Node is one machine.
type Node struct {
	lab   *Lab
	index int
	http  *http.Client

	mu    sync.Mutex
	disks disks
	proc  *qemu
	power context.Context
	cut   context.CancelCauseFunc
}

func newNode(l *Lab, index int) *Node {
	n := &Node{lab: l, index: index}
	n.http = &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return l.ns.dial(ctx, network, address)
		},
		// A kept connection would outlive a power cut and swallow the next request.
		MaxIdleConnsPerHost: -1,
	}}
	return n
}

// Name is the machine's host name: n1, n2 or n3.
func (n *Node) Name() string { return fmt.Sprintf("n%d", n.index) }

// Addr is the machine's address in a data network.
func (n *Node) Addr(nw Network) string { return nw.Addr(n.index) }

// Disk is the stable path of a data disk, 1 or 2.
func (n *Node) Disk(i int) string {
	return fmt.Sprintf("/dev/disk/by-id/virtio-%s-data%d", n.Name(), i)
}

// ConsoleLog is the host's file with all the machine's kernel has printed.
func (n *Node) ConsoleLog() string { return filepath.Join(n.lab.runDir(), n.Name()+"-console.log") }

func (n *Node) pidFile() string { return filepath.Join(n.lab.runDir(), n.Name()+".pid") }

// ConsoleTail gives the last lines of the console.
func (n *Node) ConsoleTail(lines int) string {
	data, err := os.ReadFile(n.ConsoleLog())
	if err != nil {
		return err.Error()
	}
	return tail(string(data), lines)
}

// PowerOff cuts the power: no process of the machine gets to do anything more.
// What it has written to its disks stays. Without power it does nothing.
func (n *Node) PowerOff() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc == nil {
		return
	}
	n.cut(fmt.Errorf("%s: %w", n.Name(), ErrPowerOff))
	n.proc.kill()
	n.proc = nil
}

// PowerOn boots the machine from its disks and waits for its agent.
func (n *Node) PowerOn(ctx context.Context) error {
	begin := time.Now()
	if err := n.startQEMU(ctx); err != nil {
		return err
	}
	if err := n.awaitAgent(ctx); err != nil {
		return err
	}
	if err := n.setClock(ctx); err != nil {
		return err
	}
	n.lab.timings.add("boot to agent", time.Since(begin))
	return nil
}

// restore starts the machine from a saved state.
func (n *Node) restore(ctx context.Context, state string) error {
	if err := n.startQEMU(ctx, "-incoming", "exec:cat '"+state+"'"); err != nil {
		return err
	}
	if err := n.proc.qmp.resume(ctx); err != nil {
		return fmt.Errorf("%s: restore: %w", n.Name(), err)
	}
	if err := n.awaitAgent(ctx); err != nil {
		return err
	}
	return n.setClock(ctx)
}

func (n *Node) startQEMU(ctx context.Context, more ...string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.proc != nil {
		return fmt.Errorf("%s is powered on already", n.Name())
	}
	proc, err := n.lab.start(append(n.arguments(n.disks), more...), n.pidFile())
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name(), err)
	}
	n.proc = proc
	n.power, n.cut = context.WithCancelCause(context.Background())
	go func(cut context.CancelCauseFunc) {
		<-proc.ended
		cut(fmt.Errorf("%s: QEMU has ended: %s", n.Name(), tail(proc.stderr.String(), 5)))
	}(n.cut)
	if err := proc.handshake(ctx); err != nil {
		return fmt.Errorf("%s: %w", n.Name(), err)
	}
	return nil
}

// whileOn gives a context that also ends when the machine loses power.
func (n *Node) whileOn(ctx context.Context) (context.Context, func()) {
	n.mu.Lock()
	power := n.power
	n.mu.Unlock()
	ctx, cancel := context.WithCancelCause(ctx)
	if power == nil {
		cancel(fmt.Errorf("%s: %w", n.Name(), ErrPowerOff))
		return ctx, func() {}
	}
	detach := context.AfterFunc(power, func() { cancel(context.Cause(power)) })
	return ctx, func() { detach(); cancel(nil) }
}

func (n *Node) awaitAgent(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootPatience, fmt.Errorf("no answer within %s", bootPatience))
	defer cancel()
	ctx, stop := n.whileOn(ctx)
	defer stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		attempt, end := context.WithTimeout(ctx, time.Second)
		conn, err := n.lab.ns.dial(attempt, "tcp", agentAddress(n.index))
		end()
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: wait for the agent: %w; the console ends with:\n%s", n.Name(), context.Cause(ctx), n.ConsoleTail(20))
		case <-tick.C:
		}
	}
}

func (n *Node) setClock(ctx context.Context) error {
	seed := make([]byte, 64)
	if _, err := rand.Read(seed); err != nil {
		return fmt.Errorf("make random seed: %w", err)
	}
	if err := n.call(ctx, wire.PathClock, wire.Clock{UnixNano: time.Now().UnixNano(), Entropy: seed}, nil); err != nil {
		return fmt.Errorf("%s: set clock: %w", n.Name(), err)
	}
	return nil
}
