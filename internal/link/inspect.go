package link

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
)

// inspectTime is how long a node may take to tell what it knows of a resource.
const inspectTime = 10 * time.Second

// Inspected is what one node tells of a resource, or why it does not.
type Inspected struct {
	Answer link.InspectAnswer
	Err    error
}

// Inspect asks nodes about a resource, all at once. peer finds the connection to an
// online node. A node that does not answer in time has an error and delays no other.
func Inspect(ctx context.Context, peer func(node string) (Peer, bool), fence link.Fence, resource string, nodes []string) map[string]Inspected {
	ctx, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	out := make(map[string]Inspected, len(nodes))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, n := range nodes {
		wg.Go(func() {
			var one Inspected
			if p, ok := peer(n); ok {
				one.Answer, one.Err = p.Inspect(ctx, link.InspectRequest{Fence: fence, Resource: resource})
			} else {
				one.Err = errors.New("its satellite is not connected")
			}
			mu.Lock()
			defer mu.Unlock()
			out[n] = one
		})
	}
	wg.Wait()
	return out
}
