package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// caches: volumes behind real dm-writecache and dm-cache keep what was written
// through a restart of the satellite and a power cut, write it back when they are
// taken down, and leave nothing when they are deleted.
func caches(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpLayers(ctx, t, l)
	for key, value := range map[string]string{
		"Writecache/PoolName": fastPool, "Writecache/Size": "32768", "Writecache/Options/HighWatermark": "90",
		"Cache/CachePool": fastPool, "Cache/Cachesize": "32768", "Cache/OpMode": "writeback", "Cache/Blocksize": "128",
	} {
		c.client(ctx, t, "controller", "set-property", key, value)
	}
	n := l.Node(2)
	stacks := map[string]string{"wc": "writecache,storage", "ca": "cache,storage", "rep": "drbd,writecache,storage"}
	targets := map[string]string{"wc": "writecache", "ca": "cache", "rep": "writecache"}
	sums := map[string]string{}
	for name, layers := range stacks {
		c.define(ctx, t, name, "64M", layers)
		c.place(ctx, t, name, n)
		if name == "rep" {
			c.place(ctx, t, name, l.Node(1))
			c.await(ctx, t, "both replicas of rep", func() (bool, string) {
				out, _ := n.Shell(ctx, "drbdsetup status rep --verbose")
				return strings.Count(out, "UpToDate") >= 2, out
			})
		}
		sums[name] = fill(ctx, t, n, c.awaitDevice(ctx, t, n, name), "/run/"+name, 8)
		table := script(ctx, t, n, "dmsetup table linstor_"+targets[name]+"_"+name+"_00000")
		if !strings.Contains(table, " "+targets[name]+" ") {
			t.Errorf("the table of %s is %s", name, table)
		}
		t.Logf("%s: %s; %s", name, table, script(ctx, t, n, "dmsetup status linstor_"+targets[name]+"_"+name+"_00000"))
	}
	c.restartSatellite(ctx, t, n)
	for name := range stacks {
		same(t, name+": with the satellite restarted", script(ctx, t, n, "sha256sum </run/"+name+"/data"), sums[name])
	}
	c.reboot(ctx, t)
	for name := range stacks {
		same(t, name+": after the power cut", sumOf(ctx, t, n, c.awaitDevice(ctx, t, n, name)), sums[name])
	}
	c.writtenBack(ctx, t, n, sums)
	for name := range stacks {
		c.client(ctx, t, "resource-definition", "delete", name)
	}
	c.awaitVolumes(ctx, t, nil)
	c.nothingLeft(ctx, t, "wc_00000", "ca_00000", "rep_00000")
}

// writtenBack deactivates the cached volumes and looks at the slow devices alone:
// what was only in the caches has to be there.
func (c cluster) writtenBack(ctx context.Context, t *testing.T, n *vm.Node, sums map[string]string) {
	t.Helper()
	for _, name := range []string{"wc", "ca"} {
		c.client(ctx, t, "resource", "deactivate", n.Name(), name)
		c.await(ctx, t, name+" without its cache", func() (bool, string) {
			out, _ := n.Shell(ctx, "dmsetup ls")
			return !strings.Contains(out, "cache_"+name+"_00000"), out
		})
		got := script(ctx, t, n, "lvchange -qq -K -ay vg/"+name+"_00000; udevadm settle; dmsetup ls >/dev/null")
		same(t, name+": on the slow device alone", sumOf(ctx, t, n, "/dev/vg/"+name+"_00000", "-o", "ro,noload"), sums[name])
		if got != "" {
			t.Logf("%s: %s", name, got)
		}
		c.client(ctx, t, "resource", "activate", n.Name(), name)
		same(t, name+": active again", sumOf(ctx, t, n, c.awaitDevice(ctx, t, n, name)), sums[name])
	}
}
