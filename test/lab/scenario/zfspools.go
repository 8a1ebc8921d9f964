package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// zfsPlace is where one kind of ZFS volume is tried.
type zfsPlace struct {
	node *vm.Node
	// zpool and storage name the pool on the machine and the one in the cluster.
	zpool, storage string
}

func (p zfsPlace) volume() string { return p.zpool + "/on-" + p.storage + "_00000" }

// zfsPools: the product makes a mirror of two disks and a thin pool of one; volumes
// in both keep a file system's content while they grow and while the satellites are
// dead; what is not the product's own stays as it is, and promises have an end.
func zfsPools(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := cluster{lab: l}
	c.startDaemons(ctx, t)
	places := []zfsPlace{{l.Node(1), "tank", "thick"}, {l.Node(2), "slim", "thin"}}
	c.makeZpools(ctx, t, places)
	c.plantForeignZvols(ctx, t, places)
	foreign := c.foreignZvols(ctx, t, places)
	for _, p := range places {
		c.spawnIn(ctx, t, p.storage, "on-"+p.storage, "64M")
		script(ctx, t, p.node, awaitLink(p.volume())+`
mkfs.ext4 -q /dev/zvol/`+p.volume()+`
mount /dev/zvol/`+p.volume()+` /mnt
dd if=/dev/urandom of=/mnt/file bs=1M count=32 status=none
sha256sum </mnt/file >/root/want
umount /mnt`)
	}
	if got := zfsGet(ctx, t, places[0], "refreservation"); got == "none" || got == "0" {
		t.Errorf("the thick volume has the reservation %s, want its size", got)
	}
	if got := zfsGet(ctx, t, places[1], "refreservation"); got != "none" && got != "0" {
		t.Errorf("the thin volume has the reservation %s, want none", got)
	}
	c.growWithDeadSatellites(ctx, t, places)
	for _, p := range places {
		got := script(ctx, t, p.node, `
e2fsck -fp /dev/zvol/`+p.volume()+` >/run/fsck || { cat /run/fsck >&2; exit 1; }
resize2fs /dev/zvol/`+p.volume()+` >/run/resize 2>&1 || { cat /run/resize >&2; exit 1; }
mount /dev/zvol/`+p.volume()+` /mnt
dd if=/dev/zero of=/mnt/more bs=1M count=64 conv=fsync status=none
sha256sum </mnt/file | cmp - /root/want && echo same
umount /mnt`)
		if got != "same" {
			t.Errorf("%s: after growing, the file differs: %s", p.volume(), got)
		}
	}
	c.refuseForeignZvols(ctx, t, places)
	c.limitPromises(ctx, t, places)
	c.surviveZpoolTrouble(ctx, t, places)
	c.putAside(ctx, t, places)
	for _, p := range places {
		c.client(ctx, t, "resource-definition", "delete", "on-"+p.storage)
		left := must(ctx, t, p.node, "zfs", "list", "-H", "-r", "-o", "name", p.zpool)
		if strings.Contains(left, "/on-") || strings.Contains(left, "/brief") {
			t.Errorf("volumes are left:\n%s", left)
		}
	}
	if after := c.foreignZvols(ctx, t, places); after != foreign {
		t.Errorf("foreign volumes changed:\nbefore\n%s\nafter\n%s", foreign, after)
	}
}

// makeZpools has the product make the pools, and checks that it takes no disk twice.
func (c cluster) makeZpools(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	for _, p := range places {
		c.client(ctx, t, "node", "create", p.node.Name(), p.node.Addr(vm.NetA))
	}
	disk := func(n *vm.Node, nr string) string {
		return script(ctx, t, n, "readlink -f /dev/disk/by-id/virtio-$(hostname)-data"+nr)
	}
	thick, thin := places[0], places[1]
	one, two := disk(thick.node, "1"), disk(thick.node, "2")
	c.client(ctx, t, "physical-storage", "create-device-pool", "zfs", thick.node.Name(), one, two,
		"--pool-name", thick.zpool, "--storage-pool", thick.storage, "--zpool-create-arguments", "mirror -o ashift=12")
	c.client(ctx, t, "physical-storage", "create-device-pool", "zfsthin", thin.node.Name(), disk(thin.node, "1"),
		"--pool-name", thin.zpool, "--storage-pool", thin.storage)
	layout := must(ctx, t, thick.node, "zpool", "list", "-H", "-v", "-P", "-L", "-o", "name", thick.zpool)
	for _, want := range []string{"mirror-0", one + "1", two + "1"} {
		if !strings.Contains(layout, want) {
			t.Errorf("the pool lacks %s:\n%s", want, layout)
		}
	}
	out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "physical-storage", "create-device-pool", "zfs",
		thick.node.Name(), two, "--pool-name", "again")
	if err == nil {
		t.Errorf("a disk in use was taken again:\n%s", out)
	}
	for _, p := range places {
		c.client(ctx, t, "resource-group", "create", "in-"+p.storage, "--place-count", "1", "--storage-pool", p.storage, "--layer-list", "storage")
		c.client(ctx, t, "volume-group", "create", "in-"+p.storage)
	}
}

func (c cluster) spawnIn(ctx context.Context, t *testing.T, storage, name, size string) {
	t.Helper()
	c.client(ctx, t, "resource-group", "spawn-resources", "in-"+storage, name, size)
}

// plantForeignZvols makes one volume without identity and one with another identity
// in each pool, both named as the product would name its own.
func (c cluster) plantForeignZvols(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	for _, p := range places {
		var text strings.Builder
		text.WriteString("zfs create -s -V 16M " + p.zpool + "/taken_00000\n" +
			"zfs create -s -V 16M -o holdfast:uuid=aaaaaaaa-2222-4333-8444-555555555555 " + p.zpool + "/other_00000\n")
		for _, name := range []string{"taken", "other"} {
			text.WriteString(awaitLink(p.zpool+"/"+name+"_00000") +
				"\ndd if=/dev/urandom of=/dev/zvol/" + p.zpool + "/" + name + "_00000 bs=1M count=16 oflag=direct status=none\n")
		}
		script(ctx, t, p.node, text.String())
	}
}

// foreignZvols describes the planted volumes with their content.
func (c cluster) foreignZvols(ctx context.Context, t *testing.T, places []zfsPlace) string {
	t.Helper()
	var all []string
	for _, p := range places {
		all = append(all, script(ctx, t, p.node, `
for v in `+p.zpool+`/taken_00000 `+p.zpool+`/other_00000; do
	sha256sum /dev/zvol/$v
	zfs get -H -p -o name,property,value guid,creation,volsize,refreservation,holdfast:uuid $v
done`))
	}
	return strings.Join(all, "\n")
}

// refuseForeignZvols asks for volumes whose names are taken: the product has to
// say by what, and deleting the refused resource takes nothing away.
func (c cluster) refuseForeignZvols(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	for _, p := range places {
		for _, name := range []string{"taken", "other"} {
			out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "resource-group", "spawn-resources", "in-"+p.storage, name, "32M")
			if !strings.Contains(fmt.Sprint(err, out), p.zpool+"/"+name+"_00000") {
				t.Errorf("spawning over a foreign volume says %v %s; it has to name the volume", err, out)
			}
			c.client(ctx, t, "resource-definition", "delete", name)
		}
	}
}

// growWithDeadSatellites asks for a new size that no satellite can carry out, and
// waits for it once they are back.
func (c cluster) growWithDeadSatellites(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	for _, p := range places {
		do(t, p.node.KillDaemon(ctx, vm.BinarySatellite))
	}
	for _, p := range places {
		out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "volume-definition", "set-size", "on-"+p.storage, "0", "128M")
		t.Logf("growing without a satellite says: %v\n%s", err, out)
	}
	for _, p := range places {
		if got := zfsGet(ctx, t, p, "volsize"); got != fmt.Sprint(64<<20) {
			t.Errorf("%s has %s bytes while its satellite is dead, want 64 MiB", p.volume(), got)
		}
		do(t, p.node.StartSatellite(ctx))
	}
	for _, p := range places {
		c.await(ctx, t, p.volume()+" to have grown", func() (bool, string) {
			got := zfsGet(ctx, t, p, "volsize")
			return got == fmt.Sprint(128<<20), got
		})
	}
}

// limitPromises: a thick pool gives no more than it has, a thin one no more than
// its ratio allows.
func (c cluster) limitPromises(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	thick, thin := places[0], places[1]
	c.client(ctx, t, "storage-pool", "set-property", thin.node.Name(), thin.storage, "MaxOversubscriptionRatio", "2")
	refused := func(p zfsPlace, size, why string) {
		t.Helper()
		out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "resource-group", "spawn-resources", "in-"+p.storage, "big", size)
		if err == nil || !strings.Contains(fmt.Sprint(err, out), why) {
			t.Errorf("a volume of %s in pool %s: %v %s; want it refused because of %q", size, p.storage, err, out, why)
		}
	}
	refused(thick, "2G", "free")
	refused(thin, "8G", "ratio 2")
	c.spawnIn(ctx, t, thin.storage, "first", "2500M")
	refused(thin, "2500M", "ratio 2")
	// Deleted at once: udev may still be looking at the new device.
	c.client(ctx, t, "resource-definition", "delete", "first")
	for range 3 {
		c.spawnIn(ctx, t, thin.storage, "brief", "32M")
		c.client(ctx, t, "resource-definition", "delete", "brief")
	}
}

// surviveZpoolTrouble: a mirror that lacks a disk goes on working, and a pool that
// is not imported is said to be so, with what helps.
func (c cluster) surviveZpoolTrouble(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	mirror, single := places[0], places[1]
	lost := script(ctx, t, mirror.node, "zpool list -H -v -P -o name "+mirror.zpool+" | awk '/data2|vdc/ {print $1; exit}'")
	script(ctx, t, mirror.node, "zpool offline "+mirror.zpool+" "+lost)
	c.spawnIn(ctx, t, mirror.storage, "degraded", "32M")
	script(ctx, t, mirror.node, "zpool online "+mirror.zpool+" "+lost)
	c.client(ctx, t, "resource-definition", "delete", "degraded")

	script(ctx, t, single.node, "udevadm settle; zpool export "+single.zpool)
	out, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "resource-group", "spawn-resources", "in-"+single.storage, "away", "32M")
	if !strings.Contains(fmt.Sprint(err, out), "zpool import") || !strings.Contains(fmt.Sprint(err, out), "'"+single.zpool+"'") {
		t.Errorf("with the pool exported, a spawn says %v %s; it has to name the pool and zpool import", err, out)
	}
	script(ctx, t, single.node, "zpool import "+single.zpool+"; "+awaitLink(single.volume()))
	c.await(ctx, t, "the volume that was asked for while the pool was away", func() (bool, string) {
		out, err := single.node.Run(ctx, "zfs", "list", "-H", "-o", "name", single.zpool+"/away_00000")
		return err == nil, out
	})
	c.client(ctx, t, "resource-definition", "delete", "away")
}

// putAside deletes volumes of which the user's own tools have taken snapshots: they can be
// read on until the user destroys them, then the volumes go.
func (c cluster) putAside(ctx context.Context, t *testing.T, places []zfsPlace) {
	t.Helper()
	for _, p := range places {
		c.spawnIn(ctx, t, p.storage, "kept", "32M")
		kept := p.zpool + "/kept_00000"
		want := script(ctx, t, p.node, awaitLink(kept)+`
dd if=/dev/urandom of=/dev/zvol/`+kept+` bs=1M count=16 oflag=direct conv=fsync status=none
zfs snapshot `+kept+`@mine
head -c 16M /dev/zvol/`+kept+` | sha256sum`)
		c.client(ctx, t, "resource-definition", "delete", "kept")
		aside := script(ctx, t, p.node, "zfs list -H -t snapshot -o name -r "+p.zpool+" | grep /_deleted_kept_00000_")
		got := script(ctx, t, p.node, "zfs clone "+aside+" "+p.zpool+"/look\n"+awaitLink(p.zpool+"/look")+`
head -c 16M /dev/zvol/`+p.zpool+`/look | sha256sum
zfs destroy `+p.zpool+`/look`)
		if got != want {
			t.Errorf("the snapshot of a deleted volume reads %s, the volume had %s", got, want)
		}
		script(ctx, t, p.node, "zfs destroy "+aside)
		c.await(ctx, t, "the end of the volume that was put aside", func() (bool, string) {
			out := must(ctx, t, p.node, "zfs", "list", "-H", "-r", "-o", "name", p.zpool)
			return !strings.Contains(out, "_deleted_"), out
		})
	}
}

// zfsGet reads a property of the place's volume, as ZFS has it.
func zfsGet(ctx context.Context, t *testing.T, p zfsPlace, property string) string {
	t.Helper()
	return must(ctx, t, p.node, "zfs", "get", "-H", "-p", "-o", "value", property, p.volume())
}

// awaitLink waits for the device of a volume, which udev makes after zfs has ended.
func awaitLink(volume string) string {
	return "udevadm settle --exit-if-exists=/dev/zvol/" + volume
}
