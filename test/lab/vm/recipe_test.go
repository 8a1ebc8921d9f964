package vm

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeyTellsListsApart(t *testing.T) {
	same := keyOf("a", "bc")
	if keyOf("a", "bc") != same {
		t.Error("the key of equal lists differs")
	}
	for _, other := range [][]string{{"ab", "c"}, {"a", "b", "c"}, {"abc"}, {"bc", "a"}, {}} {
		if keyOf(other...) == same {
			t.Errorf("%q has the key of [a bc]", other)
		}
	}
}

func TestModulesKeyFollowsNamesAndContents(t *testing.T) {
	dir := t.TempDir()
	key := func() string {
		t.Helper()
		k, err := modulesKey(dir)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	seen := map[string]string{}
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"one module", func() error { return os.WriteFile(filepath.Join(dir, "a.ko"), []byte("1"), 0o644) }},
		{"changed module", func() error { return os.WriteFile(filepath.Join(dir, "a.ko"), []byte("2"), 0o644) }},
		{"renamed module", func() error { return os.Rename(filepath.Join(dir, "a.ko"), filepath.Join(dir, "b.ko")) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		k := key()
		if earlier, known := seen[k]; known {
			t.Errorf("%s has the key of %s", step.name, earlier)
		}
		seen[k] = step.name
	}
	if _, err := modulesKey(filepath.Join(dir, "missing")); err == nil {
		t.Error("a missing folder has a key")
	}
}

func TestLoadOrder(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"modules.dep":     "net/virtio_net.ko: net/failover.ko virtio/virtio.ko virtio/ring.ko\nblk/virtio_blk.ko: virtio/virtio.ko virtio/ring.ko\nvirtio/virtio.ko: virtio/ring.ko\n",
		"modules.builtin": "fs/ext4/ext4.ko\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := loadOrder(dir, []string{"virtio_blk", "ext4", "virtio_net"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"virtio/ring.ko", "virtio/virtio.ko", "blk/virtio_blk.ko", "net/failover.ko", "net/virtio_net.ko"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := loadOrder(dir, []string{"nonsense"}); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("a module nobody has: error is %v", err)
	}
}

func TestCpioIsAligned(t *testing.T) {
	var archive bytes.Buffer
	writeCpio(&archive, "init", cpioFile|0o755, []byte("hello"))
	second := archive.Len()
	writeCpio(&archive, "TRAILER!!!", 0, nil)
	// Header (110), name and its zero byte up to 116, five bytes of data up to 124.
	if second != 124 || archive.Len()%4 != 0 {
		t.Errorf("second entry begins at %d, archive has %d bytes", second, archive.Len())
	}
	if !bytes.HasPrefix(archive.Bytes()[second:], []byte("070701")) {
		t.Error("second entry has no header")
	}
	if got := string(archive.Bytes()[116:121]); got != "hello" {
		t.Errorf("data is %q", got)
	}
}
