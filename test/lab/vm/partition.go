package vm

import (
	"context"
	"fmt"
)

// Isolate cuts nodes off from all others on both data networks. Nothing is
// refused, packets just vanish; the agent still reaches the node.
func (l *Lab) Isolate(ctx context.Context, nodes ...int) error {
	for _, node := range nodes {
		for _, nw := range []Network{NetA, NetB} {
			if err := l.Unplug(ctx, nw, node); err != nil {
				return err
			}
		}
	}
	return nil
}

// Unplug cuts one node off on one data network.
func (l *Lab) Unplug(ctx context.Context, nw Network, node int) error {
	if err := checkNode(node); err != nil {
		return err
	}
	if err := l.ns.setLink(ctx, nw.tap(node), "down"); err != nil {
		return fmt.Errorf("unplug node %d: %w", node, err)
	}
	return nil
}

// Part cuts the nodes off from each other on both data networks, but neither
// from a node that is not named nor from the host.
func (l *Lab) Part(ctx context.Context, nodes ...int) error {
	for _, node := range nodes {
		if err := checkNode(node); err != nil {
			return err
		}
		for _, nw := range []Network{NetA, NetB} {
			if err := l.ns.isolatePort(ctx, nw.tap(node), true); err != nil {
				return err
			}
		}
	}
	return nil
}

// Heal undoes every Isolate, Unplug and Part.
func (l *Lab) Heal(ctx context.Context) error {
	for node := 1; node <= NodeCount; node++ {
		for _, nw := range []Network{NetA, NetB} {
			if err := l.ns.setLink(ctx, nw.tap(node), "up"); err != nil {
				return err
			}
			if err := l.ns.isolatePort(ctx, nw.tap(node), false); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkNode(node int) error {
	if node < 1 || node > NodeCount {
		return fmt.Errorf("there is no node %d; the lab has nodes 1 to %d", node, NodeCount)
	}
	return nil
}
