package satellite

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

// A host whose tools are slow is still greeted in time once it is known, and shows what
// it can do now as soon as that is known.
func TestSlowLookDoesNotHoldUpTheGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		took, os := time.Minute/2, "first"
		c := &capability{look: func(context.Context) wire.Welcome {
			seen := os
			time.Sleep(took)
			return wire.Welcome{OS: seen}
		}}
		if got := c.ask(t.Context()).OS; got != "first" {
			t.Fatalf("the first greeting shows %q, want a look at the host", got)
		}
		os = "second"
		began := time.Now()
		if got := c.ask(t.Context()).OS; got != "first" || time.Since(began) > supportPatience {
			t.Errorf("while the tools are slow the greeting shows %q after %s, want the known answer within %s", got, time.Since(began), supportPatience)
		}
		time.Sleep(took)
		synctest.Wait()
		took = 0
		if got := c.ask(t.Context()).OS; got != "second" {
			t.Errorf("a later greeting shows %q, want the fresh look", got)
		}
		synctest.Wait()
	})
}
