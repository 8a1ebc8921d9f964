package vm

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// kept says how many of the most recently used entries of each kind the cache
// holds: enough to switch between two sets of modules without rebuilding.
var kept = map[string]int{"image-*": 2, "initrd-*": 2, "warm-*": 2, "accel-*": 4}

// prune marks the entries of this run as used and removes those that recipes and
// binaries have moved on from.
func (l *Lab) prune() error {
	now := time.Now()
	for _, path := range []string{l.image.dir, l.initrd, l.warmDir()} {
		if err := os.Chtimes(path, now, now); err != nil {
			return fmt.Errorf("mark cache entry as used: %w", err)
		}
	}
	for pattern, count := range kept {
		if err := keepNewest(filepath.Join(l.config.CacheDir, pattern), count); err != nil {
			return err
		}
	}
	return nil
}

func keepNewest(pattern string, count int) error {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return fmt.Errorf("prune the cache: %w", err)
	}
	used := map[string]time.Time{}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("prune the cache: %w", err)
		}
		used[path] = info.ModTime()
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(used[b].Compare(used[a]), cmp.Compare(a, b))
	})
	for _, path := range paths[min(count, len(paths)):] {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("prune the cache: %w", err)
		}
	}
	return nil
}
