package lvm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// readBlockSizes notes the logical block size of each volume group: the largest
// of its disks, since volumes can lie on any. It stays unknown (0) where the
// kernel's name of a physical volume does not follow from its path, as with
// multipath devices and partitions.
func readBlockSizes(ctx context.Context, h run.Host, f *facts) error {
	for _, name := range slices.Sorted(maps.Keys(f.vgs)) {
		g := f.vgs[name]
		largest := int64(0)
		for _, pv := range g.pvs {
			n, err := blockSize(ctx, h, pv)
			if err != nil {
				return fmt.Errorf("read block size of %s: %w", pv, err)
			}
			if n == 0 {
				largest = 0
				break
			}
			largest = max(largest, n)
		}
		g.blockBytes = largest
		f.vgs[name] = g
	}
	return nil
}

func blockSize(ctx context.Context, h run.Host, pv string) (int64, error) {
	if path.Dir(pv) != "/dev" {
		return 0, nil
	}
	data, err := h.ReadFile(ctx, "/sys/class/block/"+path.Base(pv)+"/queue/logical_block_size")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 32)
	if err != nil || n < 512 {
		return 0, nil
	}
	return n, nil
}
