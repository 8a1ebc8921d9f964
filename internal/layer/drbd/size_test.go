package drbd_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

func TestSizeKnown(t *testing.T) {
	for _, c := range []struct{ gross, net int64 }{
		{262144, 262052}, // measured on a device of 256 MiB
		{102400, 102340},
	} {
		if got, err := drbd.NetKiB(c.gross, drbd.MetaLayout{}); err != nil || got != c.net {
			t.Errorf("NetKiB(%d) = %d, %v, want %d", c.gross, got, err, c.net)
		}
	}
}

func TestSizeLimits(t *testing.T) {
	for _, n := range []int64{-1, 0, 3, drbd.MaxSizeKiB + 1} {
		if _, err := drbd.GrossKiB(n, drbd.MetaLayout{}); err == nil {
			t.Errorf("GrossKiB(%d) is taken", n)
		}
		if _, err := drbd.ExternalKiB(n, drbd.MetaLayout{}); err == nil {
			t.Errorf("ExternalKiB(%d) is taken", n)
		}
	}
	if _, err := drbd.NetKiB(drbd.MinGrossKiB-1, drbd.MetaLayout{Peers: 1}); err == nil {
		t.Error("a device below the minimum is taken")
	}
	for _, m := range []drbd.MetaLayout{{Peers: 32}, {Peers: -1}, {ALStripes: 1025}, {ALStripeSizeKiB: 3}, {ALStripeSizeKiB: 4}, {BitmapBlockKiB: 12}, {BitmapBlockKiB: 2048}} {
		if _, err := drbd.GrossKiB(1024, m); err == nil {
			t.Errorf("layout %+v is taken", m)
		}
	}
}

func anyLayout(rt *rapid.T) drbd.MetaLayout {
	return drbd.MetaLayout{
		Peers:           rapid.IntRange(1, 31).Draw(rt, "peers"),
		ALStripes:       rapid.IntRange(1, 8).Draw(rt, "stripes"),
		ALStripeSizeKiB: 4 * rapid.IntRange(8, 64).Draw(rt, "stripe size / 4"),
		BitmapBlockKiB:  1 << rapid.IntRange(2, 10).Draw(rt, "block"),
	}
}

func TestSizeRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := anyLayout(rt)
		net := rapid.Int64Range(drbd.MinNetKiB, drbd.MaxSizeKiB).Draw(rt, "net")
		gross, err := drbd.GrossKiB(net, m)
		if err != nil {
			rt.Fatal(err)
		}
		if gross%4 != 0 {
			rt.Fatalf("gross %d is not aligned", gross)
		}
		if gross > drbd.MinGrossKiB {
			if less, err := drbd.NetKiB(gross-4, m); err == nil && less >= net && less >= (net+int64(m.BitmapBlockKiB)-1)/int64(m.BitmapBlockKiB)*int64(m.BitmapBlockKiB) {
				rt.Fatalf("gross %d is not minimal: %d KiB give %d", gross, gross-4, less)
			}
		}
		if net > drbd.MaxSizeKiB-int64(m.BitmapBlockKiB) {
			return
		}
		back, err := drbd.NetKiB(gross, m)
		if err != nil || back < net {
			rt.Fatalf("gross %d gives %d, %v; want %d", gross, back, err, net)
		}
	})
}

// TestSizeReal compares with what drbdmeta makes of files.
func TestSizeReal(t *testing.T) {
	realTools(t)
	needTool(t, "drbdmeta")
	dir := t.TempDir()
	for i, gross := range []int64{68, 72, 76, 100, 1024, 4100, 65532, 65536, 131072, 262144, 1 << 20, 1<<20 + 4, 5<<20 + 12, 1 << 24} {
		for _, m := range []drbd.MetaLayout{{Peers: 1}, {Peers: 2}, {}, {Peers: 31}, {Peers: 3, ALStripes: 4, ALStripeSizeKiB: 64}} {
			path := filepath.Join(dir, strconv.Itoa(i))
			md, ok := makeMetadata(t, path, gross, m)
			net, err := drbd.NetKiB(gross, m)
			if !ok {
				continue // The tool refuses more than needed on tiny devices.
			}
			if err != nil || md.NetKiB() != net {
				t.Errorf("%d KiB with %+v: drbdmeta leaves %d KiB, computed %d, %v", gross, m, md.NetKiB(), net, err)
			}
		}
	}
}

// makeMetadata makes internal metadata on a file; false if drbdmeta refuses.
func makeMetadata(t *testing.T, path string, grossKiB int64, m drbd.MetaLayout) (drbd.Metadata, bool) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, grossKiB<<10); err != nil {
		t.Fatal(err)
	}
	argv := []string{"drbdmeta", "--force", realMinor, "v09", path, "internal", "create-md"}
	if m.ALStripes != 0 {
		argv = append(argv, "--al-stripes", strconv.Itoa(m.ALStripes), "--al-stripe-size-kB", strconv.Itoa(m.ALStripeSizeKiB))
	}
	peers := m.Peers
	if peers == 0 {
		peers = drbd.DefaultPeers
	}
	if _, said, code := tool(t, append(argv, strconv.Itoa(peers))...); code != 0 {
		if grossKiB > 1024 {
			t.Fatalf("create-md on %d KiB exits with %d: %s", grossKiB, code, said)
		}
		return drbd.Metadata{}, false
	}
	return dumpMetadata(t, path), true
}

func dumpMetadata(t *testing.T, path string) drbd.Metadata {
	t.Helper()
	out, said, code := tool(t, "drbdmeta", "--force", realMinor, "v09", path, "internal", "dump-md")
	md, err := drbd.ParseDumpMD(out, said, code)
	if err != nil {
		t.Fatal(err)
	}
	return md
}
