package model

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/btree"
)

// Key is the lookup form of a name: names are case-preserving but compared
// without case.
func Key(parts ...string) string {
	var room [keyRoom]byte
	if k, ok := appendKey(room[:0], parts); ok {
		return string(k)
	}
	return strings.ToUpper(strings.Join(parts, "/"))
}

// keyRoom holds nearly every key; what is longer costs an allocation more.
const keyRoom = 128

// keyAbove is what the keys of all start with that is below an object.
func keyAbove(parts []string) string {
	var room [keyRoom]byte
	if k, ok := appendKey(room[:0], parts); ok {
		return string(append(k, '/'))
	}
	return Key(parts...) + "/"
}

// appendKey makes the key of plain ASCII names, which nearly all are; ok is false for
// others, whose upper case is not a matter of single bytes.
func appendKey(k []byte, parts []string) (key []byte, ok bool) {
	for i, p := range parts {
		if i > 0 {
			k = append(k, '/')
		}
		for j := range len(p) {
			c := p[j]
			switch {
			case c >= utf8.RuneSelf:
				return nil, false
			case 'a' <= c && c <= 'z':
				c -= 'a' - 'A'
			}
			k = append(k, c)
		}
	}
	return k, true
}

// Table is a sorted, persistent map of one kind of object. Copies share their
// content until one of them changes, so that a copy costs nothing.
type Table[T any] struct {
	m *btree.Map[string, *T]
}

func newTable[T any]() Table[T] { return Table[T]{m: newMap[*T]()} }

// degree makes a node of a tree hold at most 15 entries: a change copies the nodes on
// its way, and a spawn changes dozens of places.
const degree = 8

func newMap[V any]() *btree.Map[string, V] { return btree.NewMap[string, V](degree) }

func (t Table[T]) copy() Table[T] { return Table[T]{m: t.m.Copy()} }

// Get finds an object by the parts of its name.
func (t Table[T]) Get(parts ...string) (*T, bool) { return lookup(t.m, parts...) }

// lookup makes the key where it costs no allocation: the map does not keep it.
func lookup[V any](m *btree.Map[string, V], parts ...string) (V, bool) {
	var room [keyRoom]byte
	if k, ok := appendKey(room[:0], parts); ok {
		return m.Get(string(k))
	}
	return m.Get(Key(parts...))
}

// Len is the number of objects.
func (t Table[T]) Len() int { return t.m.Len() }

// All walks over all objects in the order of their keys.
func (t Table[T]) All(yield func(*T) bool) {
	t.m.Scan(func(_ string, v *T) bool { return yield(v) })
}

// Under walks over the objects whose key starts with the given parts and one
// more: all resources of a definition, all pools of a node.
func (t Table[T]) Under(parts ...string) func(yield func(*T) bool) {
	prefix := keyAbove(parts)
	return func(yield func(*T) bool) {
		t.m.Ascend(prefix, func(k string, v *T) bool {
			return strings.HasPrefix(k, prefix) && yield(v)
		})
	}
}
