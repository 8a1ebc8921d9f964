package scenario

import (
	"context"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// tools: the machines have every tool and kernel feature that the other scenarios
// build on, so that a gap shows here and not as a strange failure elsewhere.
func tools(ctx context.Context, t *testing.T, l *vm.Lab) {
	everywhere(ctx, t, l, `
modprobe -a nvmet nvmet-tcp nvme-tcp dm-writecache dm-cache dm-cache-smq dm-thin-pool dm-crypt bcache loop lru_cache libcrc32c
for tool in drbdadm drbdsetup drbdmeta lvs thin_check cache_check cryptsetup nvme make-bcache bcache-super-show \
	mdadm dmsetup losetup wipefs lsblk mkfs.ext4 mkfs.xfs zfs zpool socat zstd jq; do
	command -v $tool >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
[[ -e /lib/udev/rules.d/60-zvol.rules ]] || { echo "udev does not name ZFS volumes" >&2; exit 1; }
mountpoint -q /sys/kernel/config
grep -qw io /sys/fs/cgroup/cgroup.controllers || { echo "no I/O controller among the control groups" >&2; exit 1; }`)
}

func lvmThin(ctx context.Context, t *testing.T, l *vm.Lab) {
	everywhere(ctx, t, l, thinPool+`
lvcreate -qq -V 200M --thinpool pool -n vol vg
udevadm settle
mkfs.xfs -q -K /dev/vg/vol 2>/dev/null || mkfs.ext4 -q /dev/vg/vol`)
	for _, n := range l.Nodes() {
		got := must(ctx, t, n, "lvs", "--noheadings", "--units", "m", "--nosuffix", "--separator", "|", "-o", "lv_name,pool_lv,lv_size", "vg/vol")
		if got != "vol|pool|200.00" {
			t.Errorf("%s: lvs says %q, want vol|pool|200.00", n.Name(), got)
		}
	}
}

func luks(ctx context.Context, t *testing.T, l *vm.Lab) {
	const key = "correct horse battery staple"
	n := l.Node(1)
	disk := n.Disk(1)
	input := func(argv ...string) {
		t.Helper()
		if _, err := n.RunInput(ctx, key, argv...); err != nil {
			t.Fatal(err)
		}
	}
	input("cryptsetup", "-q", "luksFormat", "--type", "luks2", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", "1000", "--key-file", "-", disk)
	input("cryptsetup", "open", "--key-file", "-", disk, "secret")
	script(ctx, t, n, "udevadm settle; mkfs.ext4 -q /dev/mapper/secret; cryptsetup close secret")
	if _, err := n.RunInput(ctx, key+"!", "cryptsetup", "open", "--key-file", "-", disk, "secret"); err == nil {
		t.Error("a wrong key opened the volume")
	}
	input("cryptsetup", "open", "--key-file", "-", disk, "secret")
	if got := must(ctx, t, n, "blkid", "-o", "value", "-s", "TYPE", "/dev/mapper/secret"); got != "ext4" {
		t.Errorf("file system behind LUKS is %q, want ext4", got)
	}
}

const nvmeTarget = "nqn.2026-01.lab:n1"

func nvme(ctx context.Context, t *testing.T, l *vm.Lab) {
	target, host := l.Node(1), l.Node(2)
	script(ctx, t, target, `
modprobe -a nvmet nvmet-tcp
cd /sys/kernel/config/nvmet
mkdir -p subsystems/`+nvmeTarget+`/namespaces/1
echo 1 >subsystems/`+nvmeTarget+`/attr_allow_any_host
echo `+target.Disk(1)+` >subsystems/`+nvmeTarget+`/namespaces/1/device_path
echo 1 >subsystems/`+nvmeTarget+`/namespaces/1/enable
mkdir ports/1
echo tcp >ports/1/addr_trtype
echo ipv4 >ports/1/addr_adrfam
echo `+target.Addr(vm.NetA)+` >ports/1/addr_traddr
echo 4420 >ports/1/addr_trsvcid
ln -s /sys/kernel/config/nvmet/subsystems/`+nvmeTarget+` ports/1/subsystems/`)
	script(ctx, t, host, `
modprobe nvme-tcp
nvme connect -t tcp -a `+target.Addr(vm.NetA)+` -s 4420 -n `+nvmeTarget+`
for i in $(seq 100); do [[ -b /dev/nvme0n1 ]] && break; sleep 0.1; done
echo written by the host | dd of=/dev/nvme0n1 bs=4096 conv=sync oflag=direct status=none
nvme disconnect -n `+nvmeTarget)
	got := script(ctx, t, target, "dd if="+target.Disk(1)+" bs=4096 count=1 iflag=direct status=none | tr -d '\\0'")
	if got != "written by the host" {
		t.Errorf("target's disk holds %q", got)
	}
}

func writecache(ctx context.Context, t *testing.T, l *vm.Lab) {
	n := l.Node(1)
	got := script(ctx, t, n, `
vgcreate -qq vg `+n.Disk(1)+` `+n.Disk(2)+`
lvcreate -qq -y -L 256M -n vol vg `+n.Disk(1)+`
lvcreate -qq -y -an -L 64M -n fast vg `+n.Disk(2)+`
lvconvert -qq -y --type writecache --cachevol fast vg/vol >&2
udevadm settle
dd if=/dev/urandom of=/root/want bs=1M count=8 status=none
dd if=/root/want of=/dev/vg/vol bs=1M oflag=direct status=none
dmsetup table vg-vol | cut -d' ' -f3
lvconvert -qq -y --splitcache vg/vol >&2
cmp -n $((8<<20)) /root/want /dev/vg/vol && echo same`)
	if got != "writecache\nsame" {
		t.Errorf("got %q, want the volume to be a writecache and its data to be kept", got)
	}
}
