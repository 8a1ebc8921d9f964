package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// clockAndGroup: clocks that jump, and a volume group that goes away and comes back,
// disturb nothing but what is on them, and the product says what is wrong.
func clockAndGroup(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	c.spawn(ctx, t, "before", "16M")
	script(ctx, t, l.Node(1), "date --set '+1 day' >/dev/null")
	c.awaitOnline(ctx, t)
	c.spawn(ctx, t, "ahead", "16M")
	script(ctx, t, l.Node(1), "date --set '-3 days' >/dev/null")
	script(ctx, t, l.Node(2), "date --set '+1 hour' >/dev/null")
	c.awaitOnline(ctx, t)
	c.spawn(ctx, t, "back", "16M")
	want := map[string]int{"before": 16, "ahead": 16, "back": 16}
	c.awaitVolumes(ctx, t, want)

	script(ctx, t, l.Node(3), "vgrename -qq vg elsewhere")
	c.await(ctx, t, "an error at the pool of n3", func() (bool, string) {
		out := c.client(ctx, t, "storage-pool", "list")
		return strings.Contains(out, "Error"), out
	})
	out, err := l.Node(1).Run(ctx, vm.BinaryClient, "resource-group", "spawn-resources", group, "lacking", "16M")
	switch {
	case err == nil:
		t.Errorf("a volume is placed on a volume group that is gone: %s", out)
	case !strings.Contains(out+err.Error(), "n3"):
		t.Errorf("the refusal does not name the node: %v %s", err, out)
	}
	script(ctx, t, l.Node(3), "vgrename -qq elsewhere vg")
	c.await(ctx, t, "no error at the pool of n3", func() (bool, string) {
		out := c.client(ctx, t, "storage-pool", "list")
		return !strings.Contains(out, "Error"), out
	})
	c.awaitVolumes(ctx, t, want)
	c.spawn(ctx, t, "again", "16M")
	for name := range want {
		c.client(ctx, t, "resource-definition", "delete", name)
	}
	c.awaitVolumes(ctx, t, map[string]int{"again": 16})
}
