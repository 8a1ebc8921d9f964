package drbd_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/link/v1"
)

// watch lets a node hear what its kernel reports, until what it returns is called.
func watch(t *testing.T, n *labNode) context.CancelFunc {
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _ = n.layer.Watch(ctx, n.process, func(string) {}) }()
	synctest.Wait()
	return cancel
}

// The kernel gives a broken disk up and shows that for a moment only. The failure is
// reported until the controller has dealt with it, the disk is left alone meanwhile,
// and attached again once a user says that it is mended.
func TestLayerRemembersAFailedDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2, 2, true)
		l.settle()
		n := l.nodes[0]
		defer watch(t, n)()
		n.drbd.FailDisk("web", 0)
		synctest.Wait()
		before := len(n.commands())
		for range 3 {
			done, out, err := n.round()
			if err != nil || !done || out.Volumes[0].DiskState != "Failed" || len(out.Waiting) == 0 {
				t.Fatalf("done %v, %+v, %v", done, out, err)
			}
		}
		for _, c := range n.commands()[before:] {
			if strings.Contains(c, "drbdmeta") || strings.Contains(c, "adjust") {
				t.Errorf("the failed disk is touched: %s", c)
			}
		}

		// A plan that is only shown leaves the memory as it is.
		l.each(func(d *link.DRBD) { d.SkipDisk = true })
		in := n.input(false)
		in.Foresee = true
		if _, _, err := n.plan(in); err != nil {
			t.Fatal(err)
		}
		l.each(func(d *link.DRBD) { d.SkipDisk = false })
		if _, out, err := n.round(); err != nil || out.Volumes[0].DiskState != "Failed" {
			t.Errorf("after a dry run: %+v, %v", out.Volumes[0], err)
		}

		l.each(func(d *link.DRBD) { d.SkipDisk = true })
		if got := disks(l.settle()); got != "Diskless UpToDate" {
			t.Errorf("while the disk is skipped: %s", got)
		}
		l.each(func(d *link.DRBD) { d.SkipDisk = false })
		if got := disks(l.settle()); got != "UpToDate UpToDate" {
			t.Errorf("once it is mended: %s", got)
		}
	})
}

// A disk that somebody has attached by hand has failed no more.
func TestLayerForgetsAFailureThatWasMended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2, 2, true)
		l.settle()
		n := l.nodes[0]
		defer watch(t, n)()
		n.drbd.FailDisk("web", 0)
		synctest.Wait()
		if _, out, err := n.round(); err != nil || out.Volumes[0].DiskState != "Failed" {
			t.Fatalf("%+v, %v", out, err)
		}
		n.must("drbdadm", "adjust", "web")
		if got := disks(l.settle()); got != "UpToDate UpToDate" {
			t.Errorf("disks: %s", got)
		}
	})
}

// What a scan shows that began before the failure was heard of does not mean that
// somebody has mended the disk.
func TestLayerRemembersAFailureBesideAnOlderScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, 2, 2, true)
		l.settle()
		n := l.nodes[0]
		defer watch(t, n)()
		in := n.input(false)
		older, err := n.layer.Scan(t.Context(), n.process)
		if err != nil {
			t.Fatal(err)
		}
		n.drbd.FailDisk("web", 0)
		synctest.Wait()
		in.Observed = older
		if _, err := n.layer.Probe(t.Context(), n.process, in); err != nil {
			t.Fatal(err)
		}
		if _, out, err := n.round(); err != nil || out.Volumes[0].DiskState != "Failed" {
			t.Errorf("%+v, %v", out.Volumes[0], err)
		}
	})
}
