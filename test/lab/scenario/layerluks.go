package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// recordCryptsetup notes the arguments of every cryptsetup and what it reads, so that
// the volume's key can be looked for where it must not be.
const recordCryptsetup = `
mkdir -p /root/rec
tool=$(command -v cryptsetup)
mv $tool $tool.real
cat >$tool <<END
#!/bin/bash
n=\$(date +%s%N).\$\$
printf '%s\n' "\$*" >>/root/rec/argv
case "\$*" in
*--key-file*-*|*ChangeKey*) cat >/root/rec/in.\$n; exec $tool.real "\$@" </root/rec/in.\$n ;;
esac
exec $tool.real "\$@"
END
chmod 755 $tool`

// findKey looks for the key that cryptsetup was given where it must not be. The
// controller's database is among it.
const findKey = `
# A file that was written right before the power cut may be empty.
cp $(find /root/rec -name 'in.*' -size +15c | sort | head -n 1) /root/key
printf '%s' "correct horse" >/root/master
for place in /root/rec/argv /var/log /var/lib/holdfast /var/lib/holdfast-satellite /etc; do
	[ -e $place ] || continue
	for what in key master; do
		hits=$(grep -rlaF -f /root/$what $place) || continue
		echo "the $what is in $hits"
	done
done
cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' ' | grep -F -f /root/key && echo "the key is in a command line"
true`

// luksLayer: an encrypted replicated volume keeps its data through restarts and a
// power cut, stays locked until the master passphrase is entered while all else works,
// grows, and its key is seen by nobody.
func luksLayer(ctx context.Context, t *testing.T, l *vm.Lab) {
	const passphrase = "correct horse battery"
	c := bringUpReplicated(ctx, t, l)
	everywhere(ctx, t, l, recordCryptsetup)
	c.client(ctx, t, "encryption", "create-passphrase", "--passphrase", passphrase)
	c.define(ctx, t, "vol", "64M", "drbd,luks,storage")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.place(ctx, t, "vol", l.Node(1))
	c.place(ctx, t, "vol", l.Node(2))
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	n := l.Node(2)
	dev := c.device(ctx, t, n, "vol")
	sum := fill(ctx, t, n, dev, "/mnt", 16)
	c.restartSatellite(ctx, t, n)
	same(t, "with the satellite restarted", script(ctx, t, n, "sha256sum </mnt/data"), sum)
	c.checkCiphertext(ctx, t, n)
	c.reboot(ctx, t)
	c.checkLocked(ctx, t)
	c.spawn(ctx, t, "other", "20M")
	c.client(ctx, t, "resource-definition", "delete", "other")
	if out, err := l.Node(1).Run(ctx, vm.BinaryClient, "encryption", "enter-passphrase", "--passphrase", "wrong"); err == nil {
		t.Errorf("a wrong passphrase was taken:\n%s", out)
	}
	c.client(ctx, t, "encryption", "enter-passphrase", "--passphrase", passphrase)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	same(t, "after the reboot", sumOf(ctx, t, n, dev), sum)
	// What the power cut has left behind is resynced once both are connected.
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate)
	c.awaitListed(ctx, t, "vol", 2)
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "96M")
	atLeast(ctx, t, n, dev, 96)
	same(t, "after growing", sumOf(ctx, t, n, dev), sum)
	for _, m := range l.Nodes()[:2] {
		if found := script(ctx, t, m, findKey); found != "" {
			t.Errorf("%s: %s", m.Name(), found)
		}
	}
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitVolumes(ctx, t, nil)
	c.nothingLeft(ctx, t, "vol_00000")
}

// checkCiphertext looks below LUKS: there is no file system to be seen.
func (c cluster) checkCiphertext(ctx context.Context, t *testing.T, n *vm.Node) {
	t.Helper()
	got := script(ctx, t, n, "blkid -p -o value -s TYPE /dev/vg/vol_00000; dmsetup table --target crypt | wc -l")
	if got != "crypto_LUKS\n1" {
		t.Errorf("below the encrypted volume is %q, want crypto_LUKS and one open container", got)
	}
}

// checkLocked waits until the locked volume says so.
func (c cluster) checkLocked(ctx context.Context, t *testing.T) {
	t.Helper()
	c.await(ctx, t, "a locked volume that says what to do", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "explain", "resource", "vol")
		return strings.Contains(strings.Join(strings.Fields(out), " "), "enter-passphrase"), out
	})
	for _, n := range c.lab.Nodes()[:2] {
		if open := script(ctx, t, n, "dmsetup ls --target crypt"); open != "" && open != "No devices found" {
			t.Errorf("%s: %s is open without the passphrase", n.Name(), open)
		}
	}
}
