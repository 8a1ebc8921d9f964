package placing

import (
	"sync"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// described is how nodes and pools were described last. Every spawn looks at all of them,
// and little has changed since the one before.
type described struct {
	mu    sync.Mutex
	nodes recall[nodeParts, place.Node]
	pools recall[poolParts, place.Pool]
}

// describedKey is the key of described among what worlds share.
type describedKey struct{}

func describedBefore(w *model.World) *described {
	return w.Shared(describedKey{}, func() any { return &described{} }).(*described)
}

// recall keeps what was made of parts, in the order of the asking. Parts are values and
// pointers to what never changes: the same parts always make the same.
type recall[Parts comparable, Made any] struct {
	kept []recalled[Parts, Made]
	// next is the place of what is asked for next.
	next int
}

type recalled[Parts comparable, Made any] struct {
	parts Parts
	made  *Made
}

// of gives what the parts make.
func (r *recall[Parts, Made]) of(parts Parts, describe func(Parts) *Made) *Made {
	at := r.next
	r.next++
	if at == len(r.kept) {
		r.kept = append(r.kept, recalled[Parts, Made]{parts, describe(parts)})
	} else if r.kept[at].parts != parts {
		r.kept[at] = recalled[Parts, Made]{parts, describe(parts)}
	}
	return r.kept[at].made
}

// end ends a round; what was not asked for is forgotten.
func (r *recall[Parts, Made]) end() {
	clear(r.kept[r.next:])
	r.kept, r.next = r.kept[:r.next], 0
}
