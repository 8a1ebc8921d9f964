package vm

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Network is one of the two networks between the machines.
type Network int

// The data networks; the agent uses a third that no partition touches and on
// which the machines cannot reach each other.
const (
	NetA Network = 0 // 10.77.0.0/24
	NetB Network = 1 // 10.77.1.0/24

	netManagement Network = 255 // 10.77.255.0/24
)

const hostNumber = 254

var allNetworks = []Network{NetA, NetB, netManagement}

// Addr is the address of a node in a network.
func (n Network) Addr(node int) string { return fmt.Sprintf("10.77.%d.%d", int(n), node) }

func (n Network) bridge() string      { return fmt.Sprintf("br%d", int(n)) }
func (n Network) tap(node int) string { return fmt.Sprintf("n%dt%d", node, int(n)) }
func (n Network) mac(node int) string { return fmt.Sprintf("52:54:00:4d:%02x:%02x", int(n), node) }

// netns is the network namespace all machines live in.
type netns string

func (n netns) path() string { return filepath.Join("/run/netns", string(n)) }

func (n netns) exists() bool {
	_, err := os.Stat(n.path())
	return err == nil
}

// create makes the namespace with bridges and taps. It has no way out.
func (n netns) create(ctx context.Context) error {
	if _, err := run(ctx, "ip", "netns", "add", string(n)); err != nil {
		return fmt.Errorf("make network namespace: %w", err)
	}
	var script strings.Builder
	fmt.Fprintln(&script, "link set lo up")
	for _, nw := range allNetworks {
		// The address is fixed because restored machines remember it.
		fmt.Fprintf(&script, "link add %s address %s type bridge stp_state 0 forward_delay 0\n", nw.bridge(), nw.mac(hostNumber))
		fmt.Fprintf(&script, "address add %s/24 dev %s\n", nw.Addr(hostNumber), nw.bridge())
		fmt.Fprintf(&script, "link set %s up\n", nw.bridge())
		for node := 1; node <= NodeCount; node++ {
			fmt.Fprintf(&script, "tuntap add %s mode tap\n", nw.tap(node))
			fmt.Fprintf(&script, "link set %s master %s up\n", nw.tap(node), nw.bridge())
		}
	}
	if _, err := runInput(ctx, script.String(), "ip", "-n", string(n), "-batch", "-"); err != nil {
		return fmt.Errorf("make bridges and taps: %w", err)
	}
	for node := 1; node <= NodeCount; node++ {
		if err := n.isolatePort(ctx, netManagement.tap(node), true); err != nil {
			return err
		}
	}
	return nil
}

func (n netns) remove(ctx context.Context) error {
	if _, err := run(ctx, "ip", "netns", "del", string(n)); err != nil {
		return fmt.Errorf("remove network namespace: %w", err)
	}
	return nil
}

// isolatePort keeps a port from reaching other isolated ports of its bridge.
func (n netns) isolatePort(ctx context.Context, tap string, on bool) error {
	state := "off"
	if on {
		state = "on"
	}
	if _, err := run(ctx, "bridge", "-n", string(n), "link", "set", "dev", tap, "isolated", state); err != nil {
		return fmt.Errorf("isolate port %s: %w", tap, err)
	}
	return nil
}

func (n netns) setLink(ctx context.Context, tap, state string) error {
	if _, err := run(ctx, "ip", "-n", string(n), "link", "set", tap, state); err != nil {
		return fmt.Errorf("set link %s %s: %w", tap, state, err)
	}
	return nil
}

// do runs f on a thread that is inside the namespace. The thread is never given
// back: it ends with f, so nothing else can come to run in there by accident.
func (n netns) do(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if err := n.enter(); err != nil {
			done <- err
			return
		}
		done <- f()
	}()
	return <-done
}

func (n netns) enter() error {
	f, err := os.Open(n.path())
	if err != nil {
		return fmt.Errorf("enter network namespace: %w", err)
	}
	defer f.Close()
	if err := unix.Setns(int(f.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter network namespace %s: %w", n, err)
	}
	return nil
}

// dial connects from inside the namespace; a socket stays where it was made.
func (n netns) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := n.do(func() error {
		var err error
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}
