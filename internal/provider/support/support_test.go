package support_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/support"
)

const (
	lvmSays = "  LVM version:     2.03.16(2) (2022-05-18)\n  Library version: 1.02.185 (2022-05-18)\n  Driver version:  4.47.0\n"
	noDM    = "  LVM version:     2.03.16(2) (2022-05-18)\n  Library version: 1.02.185 (2022-05-18)\n"
	zfsSays = "zfs-2.1.11-1+deb12u1\nzfs-kmod-2.1.11-1+deb12u1\n"
)

func TestCheck(t *testing.T) {
	h := &plantest.Host{T: t, Answers: []plantest.Answer{
		{Tool: "lvm", Stdout: lvmSays}, {Tool: "zfs", Stdout: zfsSays},
		{Tool: "thin_check", Stdout: "0.9.0\n"}, {Tool: "losetup", Stdout: "losetup from util-linux 2.38.1\n"},
	}}
	got, err := support.Check(context.Background(), h)
	if err != nil {
		t.Fatal(err)
	}
	want := map[v1.ProviderKind]map[string]string{
		v1.ProviderKindDiskless: {},
		v1.ProviderKindLvm:      {"lvm": "2.03.16", "device-mapper": "4.47.0"},
		v1.ProviderKindLvmThin:  {"lvm": "2.03.16", "device-mapper": "4.47.0", "thin_check": "0.9.0"},
		v1.ProviderKindZfs:      {"zfs": "2.1.11", "zfs-kmod": "2.1.11"},
		v1.ProviderKindZfsThin:  {"zfs": "2.1.11", "zfs-kmod": "2.1.11"},
		v1.ProviderKindFile:     {"losetup": "2.38.1"},
		v1.ProviderKindFileThin: {"losetup": "2.38.1"},
	}
	for kind, k := range got {
		if d := cmp.Diff(want[kind], k.Versions); d != "" || !k.Supported || len(k.Reasons) > 0 {
			t.Errorf("%s: %+v %s", kind, k, d)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d kinds, want %d", len(got), len(want))
	}
	if len(h.Asked) != 4 {
		t.Errorf("asked more than once: %q", h.Asked)
	}
}

func TestCheckReasons(t *testing.T) {
	missing := plantest.Answer{Err: fs.ErrNotExist}
	for _, tc := range []struct {
		name   string
		lvm    plantest.Answer
		zfs    plantest.Answer
		kind   v1.ProviderKind
		reason string
	}{
		{"no lvm", missing, missing, v1.ProviderKindLvm, "lvm is not installed (package lvm2)"},
		{"no lvm in the path", plantest.Answer{Err: fmt.Errorf("run lvm: %w", exec.ErrNotFound)}, missing, v1.ProviderKindLvm, "lvm is not installed"},
		{"no thin_check", plantest.Answer{Stdout: lvmSays}, missing, v1.ProviderKindLvmThin, "thin_check is not installed (package thin-provisioning-tools)"},
		{"no device-mapper", plantest.Answer{Stdout: noDM, Stderr: "/dev/mapper/control: open failed: No such device\n"}, missing,
			v1.ProviderKindLvm, "the kernel has no device-mapper: load the module dm_mod"},
		{"no module", missing, plantest.Answer{Stdout: "zfs-2.1.11-1\n", Exit: 1}, v1.ProviderKindZfs, "the kernel has no zfs-kmod: load the module zfs"},
		{"strange answer", plantest.Answer{Stderr: "segfault\n", Exit: 139}, missing, v1.ProviderKindLvm, "lvm version exited with 139 and told no version: segfault"},
	} {
		tc.lvm.Tool, tc.zfs.Tool = "lvm", "zfs"
		h := &plantest.Host{T: t, Answers: []plantest.Answer{tc.lvm, tc.zfs,
			{Tool: "thin_check", Err: fs.ErrNotExist}, {Tool: "losetup", Err: fs.ErrNotExist}}}
		got, err := support.Check(context.Background(), h)
		if err != nil {
			t.Fatal(err)
		}
		if k := got[tc.kind]; k.Supported || !strings.Contains(strings.Join(k.Reasons, "; "), tc.reason) {
			t.Errorf("%s: %+v, want %q", tc.name, k, tc.reason)
		}
		if !got[v1.ProviderKindDiskless].Supported {
			t.Error("DISKLESS needs a tool")
		}
	}
}

// A node that cannot be asked is unknown, not without tools.
func TestCheckUnknown(t *testing.T) {
	h := &plantest.Host{T: t, Answers: []plantest.Answer{{Tool: "lvm", Err: errors.New("timed out")}}}
	if got, err := support.Check(context.Background(), h); err == nil {
		t.Errorf("no error: %v", got)
	}
}
