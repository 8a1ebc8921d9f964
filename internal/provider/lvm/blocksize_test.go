package lvm_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/lvm"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
)

// sysfs answers files besides commands.
type sysfs struct {
	*plantest.Host
	files map[string]string
	err   error
}

func (s sysfs) ReadFile(_ context.Context, path string) ([]byte, error) {
	if data, found := s.files[path]; found {
		return []byte(data), s.err
	}
	return nil, fs.ErrNotExist
}

func TestBlockSize(t *testing.T) {
	const b, c = "/sys/class/block/vdb/queue/logical_block_size", "/sys/class/block/vdc/queue/logical_block_size"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"none known", nil, 0},
		{"one unknown", map[string]string{b: "512\n"}, 0},
		{"all alike", map[string]string{b: "512\n", c: "512\n"}, 512},
		{"mixed", map[string]string{b: "512\n", c: "4096\n"}, 4096},
		{"strange", map[string]string{b: "512\n", c: "?"}, 0},
	} {
		obs, err := lvm.New().Scan(context.Background(), sysfs{Host: lab(t), files: tc.files}, []provider.Pool{thick(), thin()})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"fat", "slim"} {
			if got := obs.Pools[p].Space.MinIOSizeBytes; got != tc.want {
				t.Errorf("%s: %s has %d, want %d", tc.name, p, got, tc.want)
			}
		}
	}
	if _, err := lvm.New().Scan(context.Background(), sysfs{Host: lab(t), files: map[string]string{c: ""}, err: errors.New("input/output error")},
		[]provider.Pool{thick()}); err == nil {
		t.Error("an unreadable block size is no error")
	}
}
