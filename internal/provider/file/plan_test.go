package file

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/run"
)

var _ = flag.Bool("update", false, "rewrite golden files")

const ours = "0195a7b0-0000-7000-8000-000000000001"

var (
	thick = provider.Pool{Name: "fast", Kind: v1.ProviderKindFile, Backing: "/srv/pool"}
	thin  = provider.Pool{Name: "thin", Kind: v1.ProviderKindFileThin, Backing: "/srv/pool/"}
)

func healthy(freeKiB int64) provider.PoolState {
	return provider.PoolState{Space: provider.Space{TotalKiB: 1 << 30, FreeKiB: freeKiB, GranularityKiB: granularityKiB},
		Notes: map[string]string{noteFileSystem: "ext4"}}
}

func seen(uuid string, im image) *provider.Observed {
	return &provider.Observed{Name: "rsc_00000", UUID: uuid, Found: &im}
}

func on(devices ...string) (out []attachment) {
	for _, d := range devices {
		out = append(out, attachment{Device: d, SizeKiB: 1024})
	}
	return out
}

// whole is a complete image of 1 MiB.
func whole(loops ...attachment) image {
	return image{Kind: "f", Bytes: 1 << 20, Phase: phaseReady, SizeKiB: 1024, Loops: loops}
}

// planCases are all situations in which a plan may find a volume.
var planCases = []struct {
	name    string
	have    *provider.Observed
	sizeKiB int64
	freeKiB int64
	fs      string
	delete  bool
}{
	{name: "new", sizeKiB: 1022, freeKiB: 1 << 20},
	{name: "new on tmpfs, without direct I/O", sizeKiB: 1024, freeKiB: 1 << 20, fs: "tmpfs"},
	{name: "new in a pool that is too small", sizeKiB: 2048, freeKiB: 3070},
	{name: "stopped after the name was reserved", have: seen(ours, image{Phase: phaseReserved}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "stopped after the image was created", have: seen(ours, image{Kind: "f", Phase: phaseReserved}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "stopped before the image had its size", have: seen(ours, image{Kind: "f", Phase: phaseAllocating}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "stopped before the size was noted", have: seen(ours, image{Kind: "f", Bytes: 1 << 20, Phase: phaseAllocating}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "unfinished image has vanished", have: seen(ours, image{Phase: phaseAllocating}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "unfinished, pool full now", have: seen(ours, image{Kind: "f", Bytes: 4096, Phase: phaseAllocating}), sizeKiB: 1024, freeKiB: 100},
	{name: "reserved, pool full now", have: seen(ours, image{Phase: phaseReserved}), sizeKiB: 1024, freeKiB: 0},
	{name: "unfinished and attached by somebody", have: seen(ours, image{Kind: "f", Bytes: 4096, Phase: phaseAllocating, Loops: on("/dev/loop3")}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "whole and attached", have: seen(ours, whole(on("/dev/loop3")...)), sizeKiB: 1024, freeKiB: 0},
	{name: "whole, larger than wanted", have: seen(ours, whole(on("/dev/loop3")...)), sizeKiB: 512, freeKiB: 0},
	{name: "not attached after a reboot", have: seen(ours, whole()), sizeKiB: 1024, freeKiB: 0},
	{name: "detached while in use", have: seen(ours, whole(attachment{Device: "/dev/loop3", SizeKiB: 1024, Leaving: true})), sizeKiB: 1024},
	{name: "grow", have: seen(ours, whole(on("/dev/loop3")...)), sizeKiB: 3000, freeKiB: 1 << 20},
	{name: "grow, not attached", have: seen(ours, whole()), sizeKiB: 2048, freeKiB: 1 << 20},
	{name: "grow, image grown already", have: seen(ours, image{Kind: "f", Bytes: 2 << 20, Phase: phaseReady, SizeKiB: 1024, Loops: on("/dev/loop3")}), sizeKiB: 2048, freeKiB: 1 << 20},
	{name: "grow, only the loop device is behind", have: seen(ours, image{Kind: "f", Bytes: 2 << 20, Phase: phaseReady, SizeKiB: 2048, Loops: on("/dev/loop3")}), sizeKiB: 2048},
	{name: "grow in a pool that is too small", have: seen(ours, whole(on("/dev/loop3")...)), sizeKiB: 8192, freeKiB: 4096},
	{name: "odd size", have: seen(ours, image{Kind: "f", Bytes: 1<<20 + 100, Phase: phaseReady, SizeKiB: 1024, Loops: on("/dev/loop3")}), sizeKiB: 1024},
	{name: "no sidecar", have: seen("", image{Kind: "f", Bytes: 1 << 20}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "sidecar of another volume", have: seen("0195a7b0-0000-7000-8000-00000000000f", whole()), sizeKiB: 1024},
	{name: "unreadable sidecar", have: seen("", image{Kind: "f", BadSidecar: "parse sidecar: unexpected end of JSON input"}), sizeKiB: 1024},
	{name: "directory in place of the image", have: seen(ours, image{Kind: "d", Bytes: 4096, Phase: phaseReady, SizeKiB: 1024}), sizeKiB: 1024},
	{name: "somebody's image under a reserved name", have: seen(ours, image{Kind: "f", Bytes: 1, Phase: phaseReserved}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "image removed by somebody", have: seen(ours, image{Phase: phaseReady, SizeKiB: 1024}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "image removed by somebody while attached", have: seen(ours, image{Phase: phaseReady, SizeKiB: 1024, Loops: []attachment{{Device: "/dev/loop3", Deleted: true}}}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "image replaced by somebody while attached", have: seen(ours, whole(attachment{Device: "/dev/loop3", Deleted: true})), sizeKiB: 1024},
	{name: "image cut by somebody", have: seen(ours, image{Kind: "f", Bytes: 4096, Phase: phaseReady, SizeKiB: 1024}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "two loop devices", have: seen(ours, whole(on("/dev/loop3", "/dev/loop7")...)), sizeKiB: 1024},
	{name: "read-only loop device", have: seen(ours, whole(attachment{Device: "/dev/loop3", Part: true})), sizeKiB: 1024},
	{name: "loop device on a deleted file", have: seen("", image{Loops: []attachment{{Device: "/dev/loop3", Deleted: true}}}), sizeKiB: 1024, freeKiB: 1 << 20},
	{name: "delete", have: seen(ours, whole()), delete: true},
	{name: "delete, attached", have: seen(ours, whole(on("/dev/loop3")...)), delete: true},
	{name: "delete, attached twice", have: seen(ours, whole(on("/dev/loop3", "/dev/loop7")...)), delete: true},
	{name: "delete, in use", have: seen(ours, whole(attachment{Device: "/dev/loop3", Open: true})), delete: true},
	{name: "delete, detached while in use", have: seen(ours, whole(attachment{Device: "/dev/loop3", Leaving: true})), delete: true},
	{name: "delete, image is gone", have: seen(ours, image{Phase: phaseReady, SizeKiB: 1024}), delete: true},
	{name: "delete, image is gone but attached", have: seen(ours, image{Phase: phaseReady, SizeKiB: 1024, Loops: []attachment{{Device: "/dev/loop3", Deleted: true}}}), delete: true},
	{name: "delete, image was replaced while attached", have: seen(ours, whole(attachment{Device: "/dev/loop3", Deleted: true})), delete: true},
	{name: "delete, never finished", have: seen(ours, image{Phase: phaseReserved}), delete: true},
	{name: "delete, all is gone", delete: true},
	{name: "delete, no sidecar", have: seen("", image{Kind: "f", Bytes: 1 << 20}), delete: true},
	{name: "delete, sidecar of another volume", have: seen("0195a7b0-0000-7000-8000-00000000000f", whole()), delete: true},
	{name: "delete, somebody's image under a reserved name", have: seen(ours, image{Kind: "f", Bytes: 1, Phase: phaseReserved}), delete: true},
}

func TestPlans(t *testing.T) {
	for _, pool := range []provider.Pool{thick, thin} {
		t.Run(string(pool.Kind), func(t *testing.T) {
			var b strings.Builder
			for _, c := range planCases {
				state := healthy(c.freeKiB)
				if c.fs != "" {
					state.Notes[noteFileSystem] = c.fs
				}
				want := provider.Volume{UUID: ours, Name: "rsc_00000", SizeKiB: c.sizeKiB}
				plan := func() ([]provider.Step, error) { return New().Plan(pool, state, want, c.have) }
				if c.delete {
					plan = func() ([]provider.Step, error) { return New().PlanDelete(pool, want, c.have) }
				}
				steps, err := plan()
				fmt.Fprintf(&b, "# %s\n%s\n", c.name, show(steps, err))
			}
			plantest.Golden(t, strings.ToLower(string(pool.Kind)), b.String())
		})
	}
}

// show is plantest.Show with the files that are written and removed.
func show(steps []provider.Step, err error) string {
	if err != nil || len(steps) == 0 {
		return plantest.Show(steps, err)
	}
	var b strings.Builder
	for _, s := range steps {
		b.WriteString(plantest.Show([]provider.Step{s}, nil))
		switch {
		case s.Write != nil && s.Write.Exclusive:
			fmt.Fprintf(&b, "  create %s: %q\n", s.Write.Path, s.Write.Data)
		case s.Write != nil:
			fmt.Fprintf(&b, "  write %s: %q\n", s.Write.Path, s.Write.Data)
		case s.Remove != "":
			fmt.Fprintf(&b, "  remove %s\n", s.Remove)
		}
	}
	return b.String()
}

func TestPlanRefusesWhatCannotBeAVolume(t *testing.T) {
	good := provider.Volume{UUID: ours, Name: "rsc_00000", SizeKiB: 4}
	for name, c := range map[string]struct {
		pool provider.Pool
		want provider.Volume
	}{
		"no UUID":           {thick, provider.Volume{Name: "rsc_00000", SizeKiB: 4}},
		"path in the name":  {thick, provider.Volume{UUID: ours, Name: "../etc", SizeKiB: 4}},
		"hidden name":       {thick, provider.Volume{UUID: ours, Name: ".rsc", SizeKiB: 4}},
		"option as name":    {thick, provider.Volume{UUID: ours, Name: "-rsc", SizeKiB: 4}},
		"name too long":     {thick, provider.Volume{UUID: ours, Name: strings.Repeat("r", 201), SizeKiB: 4}},
		"negative size":     {thick, provider.Volume{UUID: ours, Name: "rsc_00000", SizeKiB: -1}},
		"no directory":      {provider.Pool{Name: "p", Kind: v1.ProviderKindFile}, good},
		"relative path":     {provider.Pool{Name: "p", Kind: v1.ProviderKindFile, Backing: "pool"}, good},
		"control character": {provider.Pool{Name: "p", Kind: v1.ProviderKindFile, Backing: "/a\nb"}, good},
	} {
		t.Run(name, func(t *testing.T) {
			steps, err := New().Plan(c.pool, healthy(1<<20), c.want, nil)
			if f, is := fault.As(err); !is || f.Correction == "" || len(steps) != 0 {
				t.Errorf("Plan = %v, %v, want a fault", steps, err)
			}
		})
	}
}

// TestPlanNeverHarms checks for any state of the machine what no plan may do.
func TestPlanNeverHarms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		im := image{
			Kind: rapid.SampledFrom([]string{"", "f", "d", "l"}).Draw(t, "kind"), Bytes: rapid.Int64Range(0, 1<<22).Draw(t, "bytes"),
			Phase: rapid.SampledFrom([]phase{"", phaseReserved, phaseAllocating, phaseReady}).Draw(t, "phase"),
		}
		if im.Phase == phaseReady {
			im.SizeKiB = rapid.Int64Range(1, 4096).Draw(t, "noted")
		}
		for range rapid.IntRange(0, 2).Draw(t, "loops") {
			im.Loops = append(im.Loops, attachment{Device: "/dev/loop3", SizeKiB: rapid.Int64Range(0, 4096).Draw(t, "loop size"),
				Open: rapid.Bool().Draw(t, "open"), Part: rapid.Bool().Draw(t, "part"), Deleted: rapid.Bool().Draw(t, "deleted")})
		}
		uuid := rapid.SampledFrom([]string{"", ours, "other"}).Draw(t, "uuid")
		pool := rapid.SampledFrom([]provider.Pool{thick, thin}).Draw(t, "pool")
		want := provider.Volume{UUID: ours, Name: "rsc_00000", SizeKiB: rapid.Int64Range(0, 8192).Draw(t, "size")}
		steps, err := New().Plan(pool, healthy(rapid.Int64Range(0, 1<<14).Draw(t, "free")), want, seen(uuid, im))
		gone, derr := New().PlanDelete(pool, want, seen(uuid, im))
		if uuid != ours && (len(steps)+len(gone) > 0 || err == nil || derr == nil) {
			t.Fatalf("a plan for somebody else's %+v: %v %v, %v %v", im, steps, err, gone, derr)
		}
		for _, s := range steps {
			if im.Phase == phaseReady && (s.Remove != "" || s.Destructive) {
				t.Fatalf("a plan removes something of the complete %+v: %+v", im, s)
			}
		}
		for _, s := range gone {
			if im.openLoop() != nil || s.Remove != "" && len(im.Loops) > 0 {
				t.Fatalf("something in use is removed: %+v: %+v", im, s)
			}
		}
	})
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		tool, stderr string
		code         v1.Code
	}{
		{"fallocate", "fallocate: fallocate failed: No space left on device\n", v1.FailNotEnoughFreeSpace},
		{"fallocate", "fallocate: fallocate failed: Operation not supported\n", v1.FailStoragePoolConfigurationError},
		{"cp", "cp: failed to clone 'b' from 'a': Operation not supported\n", v1.FailSnapshotsNotSupported},
		{"losetup", "losetup: /srv/pool/a.img: overlapping loop device exists\n", v1.FailInUse},
	} {
		err := New().Explain(run.Command(c.tool), run.Result{Stderr: []byte(c.stderr), ExitCode: 1})
		if f, is := fault.As(err); !is || f.Code != c.code || f.Correction == "" {
			t.Errorf("%s: %v", c.stderr, err)
		}
	}
	if err := New().Explain(run.Command("sync"), run.Result{Stderr: []byte("sync: what is this\n"), ExitCode: 1}); err != nil {
		t.Errorf("unknown words got a meaning: %v", err)
	}
}
