package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// fileSystemAndLimits: new volumes come with the file system, label and owner that
// were asked for; limits reach the control groups, hold back writes, and go again.
func fileSystemAndLimits(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	n := l.Node(2)
	everywhere(ctx, t, l, `mkdir -p /sys/fs/cgroup/load && echo +io >/sys/fs/cgroup/cgroup.subtree_control && test -e /sys/fs/cgroup/load/io.max`)
	for _, f := range []struct{ kind, size, params, layers string }{
		{"ext4", "64M", "-L label-ext4 -m 0", "storage"},
		{"xfs", "320M", "-L label-xfs", "storage"},
		{"ext4", "64M", "-L label-drbd", "drbd,storage"},
	} {
		name := strings.TrimPrefix(strings.Fields(f.params)[1], "label-")
		c.define(ctx, t, name, f.size, f.layers)
		for key, value := range map[string]string{"FileSystem/Type": f.kind, "FileSystem/MkfsParams": f.params,
			"FileSystem/User": "daemon", "FileSystem/Group": "mail"} {
			c.client(ctx, t, "resource-definition", "set-property", name, key, value)
		}
		c.place(ctx, t, name, n)
		dev := c.awaitDevice(ctx, t, n, name)
		got := script(ctx, t, n, fmt.Sprintf(`
for i in $(seq 100); do blkid -p %[1]s >/dev/null && break; sleep 0.2; done
mount %[1]s /mnt
blkid -p -o value -s TYPE %[1]s; blkid -p -o value -s LABEL %[1]s; stat -c %%U:%%G /mnt
umount /mnt`, dev))
		if want := f.kind + "\nlabel-" + name + "\ndaemon:mail"; got != want {
			t.Errorf("%s: the file system, its label and its owner are %q, want %q", name, got, want)
		}
	}
	c.checkLimits(ctx, t, n, "ext4")
	for _, name := range []string{"ext4", "xfs", "drbd"} {
		c.client(ctx, t, "resource-definition", "delete", name)
	}
	c.awaitVolumes(ctx, t, nil)
}

// checkLimits sets limits on a resource, sees them work and takes them away.
func (c cluster) checkLimits(ctx context.Context, t *testing.T, n *vm.Node, resource string) {
	t.Helper()
	dev := c.awaitDevice(ctx, t, n, resource)
	limits := func() string {
		return script(ctx, t, n, "grep ^$(lsblk -dno MAJ:MIN "+dev+" | tr -d ' '): /sys/fs/cgroup/load/io.max || grep \"^$(lsblk -dno MAJ:MIN "+dev+" | tr -d ' ') \" /sys/fs/cgroup/load/io.max || true")
	}
	const mib = "1048576"
	c.client(ctx, t, "resource-definition", "set-property", resource, "sys/fs/blkio_throttle_write", mib)
	c.client(ctx, t, "resource-definition", "set-property", resource, "sys/fs/blkio_throttle_read_iops", "500")
	c.await(ctx, t, "the limits in the control group", func() (bool, string) {
		got := limits()
		return strings.Contains(got, "wbps="+mib) && strings.Contains(got, "riops=500"), got
	})
	took := script(ctx, t, n, `
echo $$ >/sys/fs/cgroup/load/cgroup.procs
begin=$(date +%s%N)
dd if=/dev/zero of=`+dev+` bs=512k count=8 seek=40 oflag=direct status=none
echo $(( ($(date +%s%N)-begin)/1000000 ))
echo $$ >/sys/fs/cgroup/cgroup.procs`)
	t.Logf("4 MiB took %s ms with a limit of 1 MiB/s", took)
	if len(took) < 4 || len(took) == 4 && took < "2500" {
		t.Errorf("writing 4 MiB took %s ms, although 1 MiB/s is the limit", took)
	}
	c.client(ctx, t, "resource-definition", "set-property", resource, "sys/fs/blkio_throttle_write", "")
	c.client(ctx, t, "resource-definition", "set-property", resource, "sys/fs/blkio_throttle_read_iops", "")
	c.await(ctx, t, "no limits in the control group", func() (bool, string) {
		got := limits()
		return got == "", got
	})
}
