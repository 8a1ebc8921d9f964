package drbd_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// TestAttachUnderUsers: users whose data comes over the network wait while a disk is attached,
// and would fail else if the connection broke; a crash after any step leads to the
// configuration being applied, which takes that back.
func TestAttachUnderUsers(t *testing.T) {
	plan := func(role, disk string) string {
		w := wantWeb()
		o := running(t, w)
		o.Lower[0] = drbd.Lower{Present: true, SizeKiB: 8192, MetaKnown: true, Meta: drbd.Metadata{Found: true, NodeID: 0, MaxPeers: 7, Current: 0x99}}
		o.State.Role, o.State.Devices[0] = role, drbd.Device{Minor: 1000, Disk: disk}
		out, err := drbd.Plan(w, o)
		if err != nil {
			t.Fatal(err)
		}
		return string(show(out))
	}
	got, at := plan(drbd.RolePrimary, drbd.DiskDiskless), 0
	for _, step := range []string{"remove /var/lib/linstor.d/.backup/web.res", "adjust --skip-disk web",
		"drbdsetup resource-options web --on-no-data-accessible=suspend-io --on-no-quorum=suspend-io", "attach web/0"} {
		i := strings.Index(got[at:], step)
		if i < 0 {
			t.Fatalf("no %q at its place:\n%s", step, got)
		}
		at += i
	}
	if strings.Contains(got, "write /var/lib/linstor.d/.backup/web.res") {
		t.Errorf("the configuration is called applied:\n%s", got)
	}
	if got := plan("Secondary", drbd.DiskDiskless); strings.Contains(got, "suspend-io") || !strings.Contains(got, "adjust web") {
		t.Errorf("not in use:\n%s", got)
	}
	if got := plan(drbd.RolePrimary, drbd.DiskUpToDate); strings.Contains(got, "attach") {
		t.Errorf("with its disk:\n%s", got)
	}
}

// TestLayerAttachesUnderUsers: users wait from before the disk is attached until it is there,
// or until that has failed.
func TestLayerAttachesUnderUsers(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	n := l.nodes[1]
	waits := func() bool {
		r, err := run.Must(context.Background(), n.m.Observer(), run.Command("drbdsetup", "show", "--json", "web"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Contains(string(r.Stdout), "suspend-io")
	}
	n.must("drbdadm", "primary", "web")
	n.must("drbdsetup", "detach", "1000")
	in, _, err := n.plan(n.input(false))
	if err != nil {
		t.Fatal(err)
	}
	back := n.layer.Recover(in)
	if len(back) == 0 || !slices.Contains(back[len(back)-1].Cmd.Argv, "--skip-disk") {
		t.Errorf("a failure leaves the users waiting: %v", back)
	}
	if _, out, err := n.round(); err != nil || len(out.Steps) == 0 || !waits() {
		t.Errorf("the users do not wait: %v, %v", out.Steps, err)
	}
	if got := disks(l.settle()); got != "UpToDate UpToDate" || waits() {
		t.Errorf("disks %s, users wait: %v", got, waits())
	}
}
