package place

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// noValue stands for a node without the property; property values cannot hold it.
const noValue = "\x00"

// valueOf gives the id of a node's value. Nodes without one form a value of their own.
func (k *diffKey) valueOf(n *Node) int32 {
	value, ok := n.Props[k.key]
	if !ok {
		value = noValue
	}
	id, ok := k.ids[value]
	if !ok {
		id = int32(len(k.used))
		k.ids[value] = id
		k.names = append(k.names, value)
		k.used = append(k.used, 0)
	}
	return id
}

// prepareDifferent collects the keys of which nodes must differ, and their limits.
func (w *world) prepareDifferent() error {
	rules, err := parseRules("replicas_on_different", w.q.ReplicasOnDifferent)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.HasValue {
			w.forbidden = append(w.forbidden, r)
			continue
		}
		w.limit(r.Key, 1)
	}
	for _, key := range slices.Sorted(maps.Keys(w.q.XReplicasOnDifferent)) {
		x := w.q.XReplicasOnDifferent[key]
		if key == "" || x < 1 {
			return fault.New(v1.FailInvalidRequest,
				"x_replicas_on_different_map: %q allows %d replicas per value", key, x).
				Fix("Give the key of a node property and a number of at least 1.")
		}
		w.limit(key, x)
	}
	return nil
}

func (w *world) limit(key string, x int) {
	for i := range w.keys {
		if w.keys[i].key == key {
			w.keys[i].limit = min(w.keys[i].limit, x)
			return
		}
	}
	w.keys = append(w.keys, diffKey{key: key, limit: x, ids: map[string]int32{}})
}

// decideSame finds the value that deployed replicas give to a key. Without replicas
// the choice is open.
func (w *world) decideSame(r Rule, deployed []Replica) error {
	decided, by := "", ""
	for i := range deployed {
		d := &deployed[i]
		n := w.find(d.Node)
		if n < 0 || !w.binds(d) {
			continue
		}
		value, has := w.nodes[n].Props[r.Key]
		switch {
		case !has:
			return undecidable(w.q, r.Key, "node %s has a replica but no property %s", d.Node, r.Key)
		case by != "" && value != decided:
			return undecidable(w.q, r.Key, "nodes with replicas disagree: %s has %s=%s, %s has %s=%s",
				by, r.Key, decided, d.Node, r.Key, value)
		}
		decided, by = value, d.Node
	}
	if by == "" {
		w.sameOpen = append(w.sameOpen, r.Key)
		return nil
	}
	w.same = append(w.same, Rule{Key: r.Key, Value: decided, HasValue: true})
	return nil
}

func undecidable(q *Query, key, format string, args ...any) *fault.Fault {
	return fault.New(v1.FailUndecidableAutoplacment,
		"Replicas of resource %s cannot be placed on nodes with the same %s", q.Resource, key).
		Because(format, args...).
		Fix("Give the property the same value on all nodes with a replica, name the value as %s=VALUE, or drop the constraint.", key).
		Ref("RscDfn", q.Resource)
}
