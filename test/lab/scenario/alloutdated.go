package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// allOutdated: all copies of a volume are there, are the same, and are called outdated. None
// can be newer, so the doctor has them used again, with and without a node that has no disk.
func allOutdated(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "three", "40M")
	c.client(ctx, t, "resource-group", "spawn-resources", pair, "two", "40M")
	c.awaitDisks(ctx, t, "three", upToDate, upToDate, upToDate)
	c.awaitListed(ctx, t, "two", 2)
	copies := map[string][]*vm.Node{"three": {l.Node(1), l.Node(2), l.Node(3)}, "two": c.copies(ctx, t, "two")}
	want := map[string]string{}
	for name, nodes := range copies {
		want[name] = overwrite(ctx, t, nodes[0], c.device(ctx, t, nodes[0], name))
	}
	for _, n := range copies["three"] {
		do(t, n.KillDaemon(ctx, vm.BinarySatellite))
	}
	for name, nodes := range copies {
		for _, n := range nodes {
			minor := strings.TrimPrefix(c.device(ctx, t, n, name), "/dev/drbd")
			must(ctx, t, n, "drbdsetup", "down", name)
			must(ctx, t, n, "drbdmeta", "--force", minor, "v09", "/dev/vg/"+name+"_00000", "internal", "outdate")
		}
	}
	do(t, l.StartSatellites(ctx))
	for name, nodes := range copies {
		for _, n := range nodes {
			c.await(ctx, t, "good data of "+name+" on "+n.Name(), func() (bool, string) {
				out, _ := n.Shell(ctx, "drbdsetup status "+name)
				return strings.Count(out, ":UpToDate") == len(nodes) && !strings.Contains(out, "replication:"), out
			})
		}
		for _, n := range copies["three"] {
			if got := sum(ctx, t, n, c.device(ctx, t, n, name)); got != want[name] {
				t.Errorf("%s reads %s of %s, want %s", n.Name(), got, name, want[name])
			}
		}
		if log := c.lab.Node(1).DaemonLog(ctx, vm.BinaryController, 100); !strings.Contains(log, "action=trust res="+name) {
			t.Errorf("the doctor had nothing to do with %s:\n%s", name, log)
		}
	}
}

// copies are the nodes that have a disk of a resource.
func (c cluster) copies(ctx context.Context, t *testing.T, resource string) []*vm.Node {
	t.Helper()
	var out []*vm.Node
	for i := 1; i <= 3; i++ {
		if lvs := script(ctx, t, c.lab.Node(i), "lvs --noheadings -o lv_name vg"); strings.Contains(lvs, resource+"_00000") {
			out = append(out, c.lab.Node(i))
		}
	}
	return out
}
