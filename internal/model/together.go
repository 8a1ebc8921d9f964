package model

import "github.com/tidwall/btree"

// PoolUse is a storage pool with what is known of it.
type PoolUse struct {
	Pool *Pool
	// Status is the newest report; nil for none.
	Status *PoolStatus
	Tally  Tally
}

// PoolUses walks over all pools like Pools.All. It goes through the tables side by
// side, which for many pools is cheaper than a look-up for each.
func (w *World) PoolUses(yield func(PoolUse) bool) {
	status, tallies := beside(w.PoolStatus.m), beside(w.tallies)
	w.Pools.m.Scan(func(key string, p *Pool) bool {
		return yield(PoolUse{Pool: p, Status: status.at(key), Tally: tallies.at(key)})
	})
}

// NodeUse is a node with what is known of it.
type NodeUse struct {
	Node *Node
	// Status is what is known of the satellite; nil for nothing.
	Status *NodeStatus
	// Resources is the number of replicas on the node.
	Resources int
}

// NodeUses walks over all nodes like Nodes.All, with the tables side by side.
func (w *World) NodeUses(yield func(NodeUse) bool) {
	status, counts := beside(w.NodeStatus.m), beside(w.counts)
	w.Nodes.m.Scan(func(key string, n *Node) bool {
		return yield(NodeUse{Node: n, Status: status.at(key), Resources: counts.at(key)})
	})
}

// follower answers for keys that are asked for in ascending order.
type follower[V any] struct {
	it   btree.MapIter[string, V]
	more bool
}

func beside[V any](m *btree.Map[string, V]) *follower[V] {
	f := &follower[V]{it: m.Iter()}
	f.more = f.it.First()
	return f
}

// at is the value of a key, the zero value for none.
func (f *follower[V]) at(key string) (value V) {
	for f.more {
		// Mostly it is there, and being the same is quicker to see than the order.
		at := f.it.Key()
		if at == key {
			return f.it.Value()
		}
		if at > key {
			break
		}
		f.more = f.it.Next()
	}
	return value
}
