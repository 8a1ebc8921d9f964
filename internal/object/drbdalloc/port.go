package drbdalloc

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// ports are the TCP ports of a new replica on its node.
func ports(w *model.World, d *model.Definition, node string, in Request) ([]int, error) {
	if len(in.Ports) > 0 {
		return wantedPorts(w, node, in.Ports)
	}
	var out []int
	for len(out) < max(in.PortCount, 1) {
		p, err := freePort(w, d, node, in.With, out)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

func wantedPorts(w *model.World, node string, wanted []int) ([]int, error) {
	for i, p := range wanted {
		if f := name.CheckPort(p); f != nil {
			return nil, f
		}
		if w.PortUsed(node, p) || slices.Contains(wanted[:i], p) {
			return nil, portTaken(w, node, p, "drbd_tcp_ports")
		}
	}
	return slices.Clone(wanted), nil
}

func portTaken(w *model.World, node string, p int, field string) error {
	return fault.New(v1.FailInvalidTCPPort, "TCP port %d on node '%s' is in use.", p, node).
		Because("field '%s': another DRBD resource on the node has it, or it is named twice", field).
		Fix("Leave it out to get a free one, or choose another; %d is free.", w.FreePort(node, p)).Ref("Node", node)
}

// freePort prefers the port that the definition or its other replicas have, so that
// one port is enough in a firewall. not are those that the replica has already.
func freePort(w *model.World, d *model.Definition, node string, with []string, not []int) (int, error) {
	blocked := blockedPorts(w, node)
	fits := func(p int) bool {
		return p > 0 && !w.PortUsed(node, p) && !blocked.Contains(p) && !slices.Contains(not, p)
	}
	if fits(d.DRBD.Port) {
		return d.DRBD.Port, nil
	}
	for r := range w.Resources.Under(d.Name) {
		if r.DRBD != nil && len(r.DRBD.Ports) > len(not) && fits(r.DRBD.Ports[len(not)]) {
			return r.DRBD.Ports[len(not)], nil
		}
	}
	own := portRanges(w, node)
	free := func(n int) int {
		for {
			next := w.FreePort(node, n)
			for slices.Contains(not, next) {
				next++
			}
			if next == n {
				return n
			}
			n = next
		}
	}
	if p, ok := lowest(own, blocked, commonFree(w, node, with, free)); ok {
		return p, nil
	}
	if p, ok := lowest(own, blocked, free); ok {
		return p, nil
	}
	return 0, fault.New(v1.FailPoolExhaustedTCPPort, "Node '%s' has no free TCP port for resource '%s'.", node, d.Name).
		Because("all ports of the range %s are in use by DRBD resources or blocked", own).
		Fix("Widen property '%s' of the node or the controller, or delete resources.", keyPorts).Ref("Node", node).Ref("RscDfn", d.Name)
}

// commonFree is free for a port that all nodes of a step have free.
func commonFree(w *model.World, node string, with []string, free func(int) int) func(int) int {
	return func(n int) int {
		for {
			next := free(n)
			for _, o := range with {
				if model.Key(o) != model.Key(node) {
					next = max(next, w.FreePort(o, next))
				}
			}
			if next == n {
				return n
			}
			n = next
		}
	}
}

func portRanges(w *model.World, node string) name.Ranges {
	text := w.Props()[keyPorts]
	if n, ok := w.Nodes.Get(node); ok && n.Props[keyPorts] != "" {
		text = n.Props[keyPorts]
	}
	return rangesOf(text, name.DefaultPorts(), 1, name.MaxPort)
}

func blockedPorts(w *model.World, node string) name.Ranges {
	n, ok := w.Nodes.Get(node)
	if !ok {
		return nil
	}
	return rangesOf(n.Props[keyBlocked], nil, 1, name.MaxPort)
}

// SetPort gives all replicas of a definition another TCP port. The definition itself
// is the caller's to store.
func SetPort(tx *model.Tx, d *model.Definition, port int) error {
	if f := name.CheckPort(port); f != nil {
		return f
	}
	var move []*model.Resource
	for r := range tx.Resources.Under(d.Name) {
		switch {
		case r.DRBD == nil || r.Deleting != nil || len(r.DRBD.Ports) > 0 && r.DRBD.Ports[0] == port:
		case tx.PortUsed(r.Node, port):
			return portTaken(tx.World, r.Node, port, "drbd_port")
		default:
			move = append(move, r)
		}
	}
	for _, r := range move {
		next, own := *r, *r.DRBD
		own.Ports = append([]int{port}, own.Ports[min(1, len(own.Ports)):]...)
		next.DRBD = &own
		tx.PutResource(&next)
	}
	return nil
}

// SetPorts gives one replica the TCP ports that were asked for; none leaves them.
func SetPorts(tx *model.Tx, definition, node string, wanted []int) error {
	r, ok := tx.Resources.Get(definition, node)
	if !ok || r.DRBD == nil || len(wanted) == 0 || slices.Equal(r.DRBD.Ports, wanted) {
		return nil
	}
	// Its own ports are free for it.
	next, own := *r, *r.DRBD
	own.Ports = nil
	next.DRBD = &own
	tx.PutResource(&next)
	given, err := wantedPorts(tx.World, r.Node, wanted)
	if err != nil {
		return err
	}
	last, now := next, own
	now.Ports = given
	last.DRBD = &now
	tx.PutResource(&last)
	return nil
}
