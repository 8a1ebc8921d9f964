package cache

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

func TestTable(t *testing.T) {
	lower := layer.Device{Path: "/dev/slow", Parts: map[string]layer.Device{suffixMeta: {Path: "/dev/meta"}, suffixCache: {Path: "/dev/fast"}}}
	for want, props := range map[string]map[string]string{
		"/dev/meta /dev/fast /dev/slow 4096 1 writethrough smq 0": nil,
		"/dev/meta /dev/fast /dev/slow 64 2 writeback metadata2 mq 2 migration_threshold 4096": {keyMode: "writeback", keyBlock: "64", keyPolicy: "mq",
			"Cache/Features/metadata2": "", "Cache/Policy/migration_threshold": "4096"},
	} {
		if got, err := table(&link.Volume{Props: props}, lower); got != want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	for _, bad := range []string{"63", "65", "2097216", "big"} {
		if _, err := table(&link.Volume{Props: map[string]string{keyBlock: bad}}, lower); err == nil || !strings.Contains(err.Error(), keyBlock) {
			t.Errorf("block size %s: error %v, want one that names the property", bad, err)
		}
	}
}

// TestMetadataIsLargeEnough: a large cache with small blocks gets more metadata than
// the default.
func TestMetadataIsLargeEnough(t *testing.T) {
	const cacheKiB = 1 << 30
	parts, err := New().Parts(nil, &link.Volume{Props: map[string]string{"Cache/Cachesize": "1073741824", keyBlock: "64"}}, cacheKiB)
	if err != nil || len(parts) != 2 {
		t.Fatalf("%+v, %v", parts, err)
	}
	if blocks := int64(cacheKiB / 32); parts[0].SizeKiB != cacheKiB || parts[1].SizeKiB < 4096+blocks*16/1024 {
		t.Errorf("parts %+v", parts)
	}
}

// TestDrain: what the kernel says decides, and what it does not say is no reason to
// remove anything.
func TestDrain(t *testing.T) {
	status := func(dirty, policy string) devmapper.Device {
		return devmapper.Device{Name: "c", Sectors: 8, Table: strings.Fields("1:1 1:2 1:3 4096 1 writeback " + policy + " 0"),
			Status: strings.Fields("8 30/3072 4096 2/20 1 2 3 4 0 2 " + dirty + " 1 writeback 2 migration_threshold 2048 " + policy + " 0 rw -")}
	}
	for name, c := range map[string]struct {
		d       devmapper.Device
		clean   bool
		steps   int
		waiting string
		fails   bool
	}{
		"clean":      {d: status("0", "smq"), clean: true},
		"dirty":      {d: status("3", "smq"), steps: 2},
		"under way":  {d: status("3", cleaner), waiting: "3 blocks"},
		"not known":  {d: devmapper.Device{Name: "c", Status: []string{"Fail"}}, fails: true},
		"not parsed": {d: status("x", "smq"), fails: true},
	} {
		got, err := drain(c.d)
		if got.Clean != c.clean || len(got.Steps) != c.steps || !strings.HasPrefix(got.Waiting, c.waiting) || (err != nil) != c.fails {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if trouble(status("0", "smq")) != "" || trouble(devmapper.Device{Status: []string{"Fail"}}) == "" {
		t.Error("trouble is not told from health")
	}
}

// TestMagic: the bytes are those that the kernel writes.
func TestMagic(t *testing.T) {
	head := make([]byte, 4096)
	if magic(head) {
		t.Error("an empty device is taken for used metadata")
	}
	copy(head[32:], []byte{0x03, 0xc4, 0x18, 0, 0, 0, 0, 0})
	if !magic(head) {
		t.Error("the kernel's superblock is not known")
	}
}
