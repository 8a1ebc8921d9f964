package model

import (
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Tx is one change being worked out on a private copy of the world. It embeds the
// copy, so that rules read what they have already changed.
type Tx struct {
	*World
	// Now is the time of the change.
	Now time.Time
	// NewUUID makes an identity for a new object.
	NewUUID func() string
	// Secret makes a random shared secret.
	Secret func() string
	// Random makes random bytes that nobody can foresee.
	Random func(n int) []byte
	// Actor is who asked for the change, for the journal.
	Actor string

	base    *World
	changes map[recordKey]any
	touched Touched
	notes   []v1.ApiCallRc
}

type recordKey struct{ kind, key string }

// Touched says which objects a change concerns, durable or volatile.
type Touched struct {
	// Definitions, Nodes and Pools hold display names by key.
	Definitions map[string]string
	Nodes       map[string]string
	Pools       map[string][2]string
	// All is set when something that concerns every node has changed.
	All bool
	// Status is set when a report has changed.
	Status bool
}

// Change is one durable change, as the store takes it. Data is nil for a deletion.
type Change struct {
	Kind, Key string
	Data      []byte
}

// Env is what a Tx gets from outside.
type Env struct {
	Now     time.Time
	NewUUID func() string
	Secret  func() string
	Random  func(n int) []byte
	Actor   string
}

// Begin starts a change on a copy of the world.
func (w *World) Begin(env Env) *Tx {
	return &Tx{World: w.copy(), Now: env.Now, NewUUID: env.NewUUID, Secret: env.Secret, Random: env.Random,
		Actor: env.Actor, base: w, changes: map[recordKey]any{},
		touched: Touched{Definitions: map[string]string{}, Nodes: map[string]string{}, Pools: map[string][2]string{}}}
}

// Base is the world the change started from.
func (tx *Tx) Base() *World { return tx.base }

// Touched says what the change concerns so far.
func (tx *Tx) Touched() Touched { return tx.touched }

// Note adds an entry to the answer that whoever asked for the change gets: what
// rules did besides. It changes no state.
func (tx *Tx) Note(rc v1.ApiCallRc) { tx.notes = append(tx.notes, rc) }

// Notes are the entries that rules have added.
func (tx *Tx) Notes() []v1.ApiCallRc { return tx.notes }

// Durable tells whether anything has to be stored.
func (tx *Tx) Durable() bool { return len(tx.changes) > 0 }

// Changes lists the durable changes in a stable order.
func (tx *Tx) Changes() ([]Change, error) {
	out := make([]Change, 0, len(tx.changes))
	for k, v := range tx.changes {
		c := Change{Kind: k.kind, Key: k.key}
		if v != nil {
			data, err := json.Marshal(v)
			if err != nil {
				return nil, fmt.Errorf("encode %s %s: %w", k.kind, k.key, err)
			}
			c.Data = data
		}
		out = append(out, c)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Kind != out[j].Kind {
			return out[i].Kind < out[j].Kind
		}
		return out[i].Key < out[j].Key
	})
	return out, nil
}

// Commit gives the changed copy as the world of a revision; the Tx ends.
func (tx *Tx) Commit(rev uint64) *World {
	w := tx.World
	w.Rev = rev
	tx.World = nil
	return w
}

func (tx *Tx) record(kind, key string, v any) { tx.changes[recordKey{kind, key}] = v }

func (tx *Tx) touchDefinition(name string) { tx.touched.Definitions[Key(name)] = name }
func (tx *Tx) touchNode(name string)       { tx.touched.Nodes[Key(name)] = name }
func (tx *Tx) touchPool(node, name string) {
	tx.touched.Pools[Key(node, name)] = [2]string{node, name}
}

// Loaded is a world read from records.
type Loaded struct {
	World *World
	// Bad lists the records that could not be understood, by kind and key.
	Bad []BadRecord
}

// BadRecord is a stored record that the program does not understand.
type BadRecord struct{ Kind, Key, Why string }

// Load makes a world out of stored records. What cannot be understood is listed
// and left out; the rest is served.
func Load(rev uint64, each func(yield func(kind, key string, data []byte) bool)) Loaded {
	byName := map[string]kind{}
	for _, k := range kinds() {
		byName[k.name] = k
	}
	out := Loaded{World: NewWorld()}
	out.World.Rev = rev
	each(func(name, key string, data []byte) bool {
		k, ok := byName[name]
		if !ok {
			out.Bad = append(out.Bad, BadRecord{name, key, "this version knows no such kind of object"})
			return true
		}
		if err := k.load(out.World, data); err != nil {
			out.Bad = append(out.Bad, BadRecord{name, key, err.Error()})
		}
		return true
	})
	return out
}
