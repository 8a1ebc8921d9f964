package scenario

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

const drbdResource = `
global { usage-count no; }
resource vol {
	volume 0 { device minor 1000; disk /dev/vg/vol; meta-disk internal; }
	on n1 { node-id 0; address 10.77.0.1:7789; }
	on n2 { node-id 1; address 10.77.0.2:7789; }
	on n3 { node-id 2; address 10.77.0.3:7789; }
	connection-mesh { hosts n1 n2 n3; }
}
`

// drbdReplicates: three replicas connect, take writes on one node and show them
// on another after the first has lost its power.
func drbdReplicates(ctx context.Context, t *testing.T, l *vm.Lab) {
	everywhere(ctx, t, l, `
vgcreate -qq vg /dev/disk/by-id/virtio-$(hostname)-data1
lvcreate -qq -y -L 64M -n vol vg
udevadm settle
cat >/etc/drbd.conf <<'END'`+drbdResource+`END
drbdadm create-md --force --max-peers=7 vol
drbdadm up vol`)
	first, second := l.Node(1), l.Node(2)
	script(ctx, t, first, `
drbdsetup wait-connect-resource vol --wfc-timeout=60
drbdadm new-current-uuid --clear-bitmap vol/0
drbdadm primary vol
mkfs.ext4 -q /dev/drbd1000
mount /dev/drbd1000 /mnt
echo replicated >/mnt/file
sync`)
	first.PowerOff()
	got := script(ctx, t, second, `
for i in $(seq 300); do drbdadm primary vol 2>/run/why && break; sleep 0.1; done
mount /dev/drbd1000 /mnt || { cat /run/why; drbdadm status vol; exit 1; } >&2
cat /mnt/file`)
	if got != "replicated" {
		t.Errorf("after the failover the file holds %q", got)
	}
}
