package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// spawnGrowDelete is the life of a volume with three replicas.
func spawnGrowDelete(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	c.spawn(ctx, t, "vol", "100M")
	c.awaitVolumes(ctx, t, map[string]int{"vol": 100})
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "200M")
	c.awaitVolumes(ctx, t, map[string]int{"vol": 200})
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitVolumes(ctx, t, nil)
}

// powerOffOne: a node that loses power in the middle of a spawn catches up when
// it is back, and no volume is there twice or missing.
func powerOffOne(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	c.spawn(ctx, t, "before", "100M")
	c.awaitVolumes(ctx, t, map[string]int{"before": 100})
	c.spawnUntilCut(ctx, t, "during", func() { l.Node(3).PowerOff() })
	do(t, l.Node(3).PowerOn(ctx))
	do(t, l.Node(3).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.spawnMissing(ctx, t, "during")
	c.awaitVolumes(ctx, t, map[string]int{"before": 100, "during": 100})
}

// powerOffAll: the site loses power in the middle of a spawn. What was confirmed
// is there afterwards, what was not can be asked for again.
func powerOffAll(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUp(ctx, t, l)
	c.spawn(ctx, t, "before", "100M")
	c.awaitVolumes(ctx, t, map[string]int{"before": 100})
	c.spawnUntilCut(ctx, t, "during", l.PowerOffAll)
	do(t, l.PowerOnAll(ctx))
	c.startDaemons(ctx, t)
	c.awaitOnline(ctx, t)
	c.spawnMissing(ctx, t, "during")
	c.awaitVolumes(ctx, t, map[string]int{"before": 100, "during": 100})
}

// spawnUntilCut begins a spawn and cuts the power once the first machine has
// begun to make the volume, whatever becomes of the request.
func (c cluster) spawnUntilCut(ctx context.Context, t *testing.T, name string, cut func()) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := c.lab.Node(1).Run(ctx, vm.BinaryClient, "resource-group", "spawn-resources", group, name, "100M")
		ended <- err
	}()
	script(ctx, t, c.lab.Node(2), "for i in $(seq 600); do pgrep -x lvcreate >/dev/null && exit; lvs vg/"+name+"_00000 >/dev/null 2>&1 && exit; done; exit 1")
	cut()
	t.Logf("the interrupted spawn says: %v", <-ended)
}

// spawnMissing asks for a resource again where the interrupted request left none.
func (c cluster) spawnMissing(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	var lists []struct {
		Name string `json:"name"`
	}
	out := c.client(ctx, t, "-m", "--output-version", "v1", "resource-definition", "list")
	if err := decodeList(out, &lists); err != nil {
		t.Fatalf("read the resource definitions: %v in %s", err, out)
	}
	for _, d := range lists {
		if d.Name == name {
			return
		}
	}
	c.spawn(ctx, t, name, "100M")
}

// foreignUntouched: volumes, volume groups and files that only look like the
// product's own survive everything it does, byte for byte.
func foreignUntouched(ctx context.Context, t *testing.T, l *vm.Lab) {
	const foreign = `
vgcreate -qq other /dev/disk/by-id/virtio-$(hostname)-data2
lvcreate -qq -y -L 16M -n vol_00000 other
lvcreate -qq -V 16M --thinpool pool -n foreign_00000 vg
lvcreate -qq -V 16M --thinpool pool -n taken_00000 vg
udevadm settle
for d in other/vol_00000 vg/foreign_00000 vg/taken_00000; do
	dd if=/dev/urandom of=/dev/$d bs=1M count=16 oflag=direct status=none
done
mkdir -p /var/lib/foreign
echo mine >/var/lib/foreign/vol_00000.img`
	const fingerprint = `
cd /dev
sha256sum other/vol_00000 vg/foreign_00000 vg/taken_00000 /var/lib/foreign/vol_00000.img
lvs --noheadings -o lv_uuid,lv_size,lv_tags other/vol_00000 vg/foreign_00000 vg/taken_00000`
	c := bringUp(ctx, t, l)
	everywhere(ctx, t, l, foreign)
	before := c.onEach(ctx, t, fingerprint)
	c.spawn(ctx, t, "vol", "100M")
	// The name is taken on every node by a volume the product did not make: it has
	// to refuse, now or in the resource's state, and may not adopt, grow or remove it.
	out, err := l.Node(1).Run(ctx, vm.BinaryClient, "--no-color", "resource-group", "spawn-resources", group, "taken", "100M")
	if !strings.Contains(fmt.Sprint(err, out), "vg/taken_00000") {
		t.Errorf("spawning over a foreign volume says %v %s; it has to name the volume", err, out)
	}
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "200M")
	// What was refused can be deleted; that takes nothing from the foreign volume.
	c.client(ctx, t, "resource-definition", "delete", "taken")
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.await(ctx, t, "volume vol gone", func() (bool, string) {
		got := c.volumes(ctx, t, l.Node(2))
		return len(got) == 2, fmt.Sprint(got)
	})
	after := c.onEach(ctx, t, fingerprint)
	for i, n := range l.Nodes() {
		if before[i] != after[i] {
			t.Errorf("%s: foreign objects changed:\nbefore\n%s\nafter\n%s", n.Name(), before[i], after[i])
		}
	}
}

// onEach runs a script on one machine after the other and gives what each says.
func (c cluster) onEach(ctx context.Context, t *testing.T, text string) []string {
	t.Helper()
	var out []string
	for _, n := range c.lab.Nodes() {
		out = append(out, script(ctx, t, n, text))
	}
	return out
}
