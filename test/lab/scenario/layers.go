package scenario

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// fastPool is the storage pool of cache devices, on the second data disk.
const fastPool = "fast"

// bringUpLayers starts the product with a second pool of another disk on each node.
func bringUpLayers(ctx context.Context, t *testing.T, l *vm.Lab) cluster {
	t.Helper()
	c := bringUp(ctx, t, l)
	everywhere(ctx, t, l, "vgcreate -qq fastvg /dev/disk/by-id/virtio-$(hostname)-data2")
	for _, n := range l.Nodes() {
		c.client(ctx, t, "storage-pool", "create", "lvm", n.Name(), fastPool, "fastvg")
	}
	return c
}

// define makes a resource definition with layers and one volume.
func (c cluster) define(ctx context.Context, t *testing.T, name, size, layers string) {
	t.Helper()
	c.client(ctx, t, "resource-definition", "create", name, "--layer-list", layers)
	c.client(ctx, t, "volume-definition", "create", name, size)
}

// place puts a resource on a node.
func (c cluster) place(ctx context.Context, t *testing.T, name string, n *vm.Node) {
	t.Helper()
	c.client(ctx, t, "resource", "create", n.Name(), name, "--storage-pool", pool)
}

// devicePath is the path of a resource's first volume on a node, as users are told;
// empty while there is none.
func (c cluster) devicePath(ctx context.Context, t *testing.T, n *vm.Node, resource string) string {
	t.Helper()
	var all []struct {
		Name    string `json:"name"`
		Node    string `json:"node_name"`
		Volumes []struct {
			Path string `json:"device_path"`
		} `json:"volumes"`
	}
	out := c.client(ctx, t, "-m", "--output-version", "v1", "volume", "list", "--resources", resource)
	if err := decodeList(out, &all); err != nil {
		t.Fatalf("read the volumes: %v in %s", err, out)
	}
	for _, r := range all {
		if r.Name == resource && r.Node == n.Name() && len(r.Volumes) > 0 {
			return r.Volumes[0].Path
		}
	}
	return ""
}

// awaitDevice waits until a node has the device of a resource that users are told of,
// and gives its path.
func (c cluster) awaitDevice(ctx context.Context, t *testing.T, n *vm.Node, resource string) string {
	t.Helper()
	path := ""
	c.await(ctx, t, "the device of "+resource+" on "+n.Name(), func() (bool, string) {
		if path = c.devicePath(ctx, t, n, resource); path == "" {
			return false, "no path"
		}
		_, err := n.Run(ctx, "test", "-b", path)
		return err == nil, path + " is not there"
	})
	return path
}

// fill makes a file system on a device, mounts it and writes a file; it gives the
// checksum of the file.
func fill(ctx context.Context, t *testing.T, n *vm.Node, device, dir string, mib int) string {
	t.Helper()
	return script(ctx, t, n, fmt.Sprintf(`
mkdir -p %[2]s
mkfs.ext4 -q %[1]s && mount %[1]s %[2]s
dd if=/dev/urandom of=%[2]s/data bs=1M count=%[3]d conv=fsync status=none
sha256sum <%[2]s/data`, device, dir, mib))
}

// sumOf mounts a device, reads the file that fill has written past the page cache,
// and unmounts it again.
func sumOf(ctx context.Context, t *testing.T, n *vm.Node, device string, options ...string) string {
	t.Helper()
	return script(ctx, t, n, fmt.Sprintf(`
mkdir -p /run/look
mount %s %s /run/look
echo 3 >/proc/sys/vm/drop_caches
sha256sum </run/look/data
umount /run/look`, strings.Join(options, " "), device))
}

// reboot cuts the power of all machines and starts them and the daemons again.
func (c cluster) reboot(ctx context.Context, t *testing.T) {
	t.Helper()
	c.lab.PowerOffAll()
	do(t, c.lab.PowerOnAll(ctx))
	c.startDaemons(ctx, t)
	c.awaitOnline(ctx, t)
}

// restartSatellite kills a satellite and starts it again.
func (c cluster) restartSatellite(ctx context.Context, t *testing.T, n *vm.Node) {
	t.Helper()
	do(t, n.KillDaemon(ctx, vm.BinarySatellite))
	do(t, n.StartSatellite(ctx))
	c.awaitOnline(ctx, t)
}

// same compares checksums.
func same(t *testing.T, when, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s the file has the checksum %s, written was %s", when, got, want)
	}
}

// nothingLeft checks that no machine has a device of a resource any more.
func (c cluster) nothingLeft(ctx context.Context, t *testing.T, names ...string) {
	t.Helper()
	for _, n := range c.lab.Nodes() {
		left := script(ctx, t, n, "lvs --noheadings -o lv_name; dmsetup ls; ls /sys/block; ls /sys/kernel/config/nvmet/subsystems 2>/dev/null || true")
		for _, name := range names {
			if strings.Contains(left, name) {
				t.Errorf("%s still has something of %s:\n%s", n.Name(), name, left)
			}
		}
	}
}

// atLeast checks the size of a device, which may be larger by less than what storage
// is rounded up to.
func atLeast(ctx context.Context, t *testing.T, n *vm.Node, device string, mib int64) {
	t.Helper()
	got, err := strconv.ParseInt(script(ctx, t, n, "blockdev --getsize64 "+device), 10, 64)
	if want := mib << 20; err != nil || got < want || got >= want+8<<20 {
		t.Errorf("%s has %d bytes (%v), want %d MiB", device, got, err, mib)
	}
}
