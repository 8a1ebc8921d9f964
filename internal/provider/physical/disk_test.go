package physical_test

import (
	"context"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider/physical"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
)

// update makes the golden files anew; plantest.Golden looks it up.
var _ = flag.Bool("update", false, "rewrite golden files")

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func list(t testing.TB, answer string) ([]physical.Disk, error) {
	return physical.List(context.Background(), &plantest.Host{T: t, Answers: []plantest.Answer{{Tool: "lsblk", Stdout: answer}}})
}

func TestList(t *testing.T) {
	disks, err := list(t, file(t, "lsblk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got []v1.PhysicalStorageNode
	for _, d := range disks {
		got = append(got, d.Node())
	}
	want := []v1.PhysicalStorageNode{
		{Device: "/dev/sda", Size: 4000787030016, Rotational: true, Model: "ST4000NM0035", Serial: "ZC1234", WWN: "0x5000c500a1b2c3d4"},
		{Device: "/dev/nvme0n1", Size: 1920383410176, Model: "SAMSUNG MZQL21T9", Serial: "S64", WWN: "eui.3634"},
		{Device: "/dev/sde", Size: 1 << 30},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The recorded answer of a lab node has no empty disk.
func TestListRecorded(t *testing.T) {
	data, err := os.ReadFile("../../../../shared/facts/samples/lsblk.json")
	if err != nil {
		t.Skipf("no recorded answer: %v", err)
	}
	disks, err := list(t, string(data))
	if err != nil {
		t.Skipf("the recorded answer has other columns: %v", err)
	}
	if len(disks) != 0 {
		t.Errorf("disks in use are listed: %v", disks)
	}
}

// Nothing is known about devices after an answer that is cut off or strange.
func TestListUnknown(t *testing.T) {
	good := file(t, "lsblk.json")
	for name, answer := range map[string]string{
		"empty": "", "cut off": good[:400], "no list": "{}", "no name": `{"blockdevices":[{"path":"/dev/sda"}]}`,
		"strange size": strings.Replace(good, "8589934592", `"8G"`, 1),
		"strange flag": strings.Replace(good, `"rota":true`, `"rota":"maybe"`, 1),
	} {
		if disks, err := list(t, answer); err == nil {
			t.Errorf("%s: %d disks and no error", name, len(disks))
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add(file(f, "lsblk.json"))
	f.Add(`{"blockdevices":[{"kname":"sda","path":"/dev/sda","type":"disk","size":2147483648,"pkname":"sda"}]}`)
	f.Fuzz(func(t *testing.T, answer string) {
		disks, err := list(t, answer)
		if err != nil {
			return
		}
		for _, d := range disks {
			if d.SizeBytes < 1<<30 || d.Path == "" || len(d.Names) > 0 {
				t.Fatalf("unfit disk is listed: %+v", d)
			}
		}
	})
}
