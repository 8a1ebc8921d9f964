package model

import (
	"slices"
	"strings"
)

// touchPeers marks the resources of a node whose address or properties change: they
// are part of what all their nodes have to know.
func (tx *Tx) touchPeers(n *Node) {
	old, ok := tx.Nodes.Get(n.Name)
	if !ok || slices.Equal(old.Interfaces, n.Interfaces) && sameForReplicas(old.Props, n.Props) {
		return
	}
	for r := range tx.ResourcesOn(n.Name) {
		tx.touchDefinition(r.Definition)
	}
}

// touchPair marks two nodes, and the resources that both have.
func (tx *Tx) touchPair(a, b string) {
	tx.touchNode(a)
	tx.touchNode(b)
	for r := range tx.ResourcesOn(a) {
		if _, ok := tx.Resources.Get(r.Definition, b); ok {
			tx.touchDefinition(r.Definition)
		}
	}
}

// sameForReplicas tells whether two sets of properties are the same to replicas:
// the users' own notes are of no matter to them.
func sameForReplicas(a, b map[string]string) bool {
	differs := func(a, b map[string]string) bool {
		for k, v := range a {
			if other, ok := b[k]; (!ok || other != v) && !strings.HasPrefix(k, "Aux/") {
				return true
			}
		}
		return false
	}
	return !differs(a, b) && !differs(b, a)
}
