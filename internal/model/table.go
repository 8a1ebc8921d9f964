package model

import (
	"strings"

	"github.com/tidwall/btree"
)

// Key is the lookup form of a name: names are case-preserving but compared
// without case.
func Key(parts ...string) string {
	return strings.ToUpper(strings.Join(parts, "/"))
}

// Table is a sorted, persistent map of one kind of object. Copies share their
// content until one of them changes, so that a copy costs nothing.
type Table[T any] struct {
	m *btree.Map[string, *T]
}

func newTable[T any]() Table[T] { return Table[T]{m: &btree.Map[string, *T]{}} }

func (t Table[T]) copy() Table[T] { return Table[T]{m: t.m.Copy()} }

// Get finds an object by the parts of its name.
func (t Table[T]) Get(parts ...string) (*T, bool) { return t.m.Get(Key(parts...)) }

// Len is the number of objects.
func (t Table[T]) Len() int { return t.m.Len() }

// All walks over all objects in the order of their keys.
func (t Table[T]) All(yield func(*T) bool) {
	t.m.Scan(func(_ string, v *T) bool { return yield(v) })
}

// Under walks over the objects whose key starts with the given parts and one
// more: all resources of a definition, all pools of a node.
func (t Table[T]) Under(parts ...string) func(yield func(*T) bool) {
	prefix := Key(parts...) + "/"
	return func(yield func(*T) bool) {
		t.m.Ascend(prefix, func(k string, v *T) bool {
			return strings.HasPrefix(k, prefix) && yield(v)
		})
	}
}
