package scenario

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// volumeAddedInUse: a resource that is in use gets one more volume, which is good on all
// copies and can be used at once, also where the user's node has no disk of its own.
func volumeAddedInUse(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n1", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--drbd-diskless")
	for number, user := range []int{3, 2} {
		c.awaitAllDisks(ctx, t, "vol", number+1, upToDate, upToDate, diskless)
		c.startLoad(ctx, t, l.Node(user), "vol")
		c.client(ctx, t, "volume-definition", "create", "vol", "20M")
		c.awaitAllDisks(ctx, t, "vol", number+2, upToDate, upToDate, diskless)
		dev := c.newest(ctx, t, l.Node(user), "vol")
		sum := script(ctx, t, l.Node(user), "dd if=/dev/urandom of="+dev+" bs=1M count=16 oflag=direct conv=fsync status=none; head -c 16M "+dev+" | sha256sum")
		c.stopLoad(ctx, t, l.Node(user))
		c.awaitUnused(ctx, t, "vol")
		c.verify(ctx, t, l.Node(1), "vol")
		if got := script(ctx, t, l.Node(1), "head -c 16M "+c.newest(ctx, t, l.Node(1), "vol")+" | sha256sum"); got != sum {
			t.Errorf("node 1 reads %s, node %d wrote %s", got, user, sum)
		}
	}
}

// awaitAllDisks waits until the kernels show these states of so many volumes' disks, by
// machine.
func (c cluster) awaitAllDisks(ctx context.Context, t *testing.T, resource string, volumes int, want ...string) {
	t.Helper()
	c.await(ctx, t, fmt.Sprintf("%d volumes of %s with the disks %q", volumes, resource, want), func() (bool, string) {
		got := make([]string, len(want))
		for i, n := range c.lab.Nodes()[:len(want)] {
			r := c.kernel(ctx, t, n)[resource]
			for _, d := range r.Devices {
				if len(r.Devices) == volumes && d.Disk == want[i] && (got[i] == "" || got[i] == want[i]) {
					got[i] = want[i]
				} else {
					got[i] = fmt.Sprint(r.Devices)
				}
			}
		}
		return slices.Equal(got, want), fmt.Sprintf("%q", got)
	})
}

// newest is the path of a resource's volume that was made last.
func (c cluster) newest(ctx context.Context, t *testing.T, n *vm.Node, resource string) string {
	t.Helper()
	r := c.kernel(ctx, t, n)[resource]
	if len(r.Devices) == 0 {
		t.Fatalf("%s has no device of %s", n.Name(), resource)
	}
	return fmt.Sprintf("/dev/drbd%d", r.Devices[len(r.Devices)-1].Minor)
}

// oldCopyAlone: of two copies one was away while data was written, and comes back while
// the other is away. DRBD calls it up to date; as long as nobody writes to it, the newer
// data is on both once they meet.
func oldCopyAlone(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", "", upToDate, upToDate)
	l.Node(3).PowerOff()
	dev := c.device(ctx, t, l.Node(2), "vol")
	write := "dd if=/dev/urandom of=" + dev + " bs=1M count=16 oflag=direct conv=fsync status=none; head -c 16M " + dev + " | sha256sum"
	sum := script(ctx, t, l.Node(2), write)
	l.Node(2).PowerOff()
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Node(3).StartSatellite(ctx))
	c.await(ctx, t, "the disk of the old copy", func() (bool, string) {
		r, ok := c.kernel(ctx, t, l.Node(3))["vol"]
		return ok && len(r.Devices) == 1 && r.Devices[0].Disk == upToDate, fmt.Sprint(r)
	})
	do(t, l.Node(2).PowerOn(ctx))
	do(t, l.Node(2).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", "", upToDate, upToDate)
	for _, n := range []int{2, 3} {
		if got := script(ctx, t, l.Node(n), "head -c 16M "+c.device(ctx, t, l.Node(n), "vol")+" | sha256sum"); got != sum {
			t.Errorf("node %d reads %s, node 2 wrote %s", n, got, sum)
		}
	}
}
