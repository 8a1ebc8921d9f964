package vm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// stateKeyFor names the warm state after all that it depends on.
func (l *Lab) stateKeyFor(ctx context.Context, initrdKey string) (string, error) {
	version, err := run(ctx, "qemu-system-x86_64", "--version")
	if err != nil {
		return "", err
	}
	modules, err := modulesKey(l.config.ModulesDir)
	if err != nil {
		return "", err
	}
	cpu, err := hostCPU()
	if err != nil {
		return "", err
	}
	shape := strings.Join(newNode(l, 1).arguments(disks{data: make([]string, dataDisks)}), " ")
	return keyOf("state v2", initrdKey, version, cpu, modules, shape), nil
}

// hostCPU identifies the processor, which a KVM guest has seen.
func hostCPU() (string, error) {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", fmt.Errorf("identify the host's processor: %w", err)
	}
	var parts []string
	for line := range strings.Lines(string(info)) {
		for _, field := range []string{"vendor_id", "model", "stepping", "flags"} {
			if strings.HasPrefix(line, field) {
				parts = append(parts, line)
			}
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	return keyOf(parts...), nil
}

func (l *Lab) warmDir() string          { return filepath.Join(l.config.CacheDir, "warm-"+l.stateKey) }
func (l *Lab) warmState(n *Node) string { return filepath.Join(l.warmDir(), n.Name()+".state") }
func (l *Lab) warmRoot(n *Node) string  { return filepath.Join(l.warmDir(), n.Name()+"-root.qcow2") }

// ensureWarm boots the machines cold and saves their state, where the cache has
// none for this recipe.
func (l *Lab) ensureWarm(ctx context.Context) error {
	if _, err := os.Stat(l.warmDir()); err == nil {
		return nil
	}
	tmp := l.warmDir() + ".tmp"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("make warm folder: %w", err)
	}
	if err := os.Mkdir(tmp, 0o755); err != nil {
		return fmt.Errorf("make warm folder: %w", err)
	}
	l.log.Info("booting the machines to save their warm state")
	begin := time.Now()
	err := l.Each(ctx, func(ctx context.Context, n *Node) error {
		var err error
		if n.disks, err = n.makeDisks(ctx, tmp, l.image.base(), "raw"); err != nil {
			return fmt.Errorf("%s: %w", n.Name(), err)
		}
		return n.PowerOn(ctx)
	})
	if err != nil {
		return fmt.Errorf("boot the machines: %w", err)
	}
	l.timings.add("cold boot of three machines", time.Since(begin))
	if err := l.Each(ctx, l.loadModules); err != nil {
		return err
	}
	if err := l.Each(ctx, func(ctx context.Context, n *Node) error { return n.save(ctx, tmp) }); err != nil {
		return fmt.Errorf("save the machines' state: %w", err)
	}
	l.PowerOffAll()
	if err := removeDataDisks(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, l.warmDir()); err != nil {
		return fmt.Errorf("put warm state in place: %w", err)
	}
	return nil
}

func (n *Node) save(ctx context.Context, dir string) error {
	// Pages of the cache need not be saved; the disk has them.
	if _, err := n.Shell(ctx, "sync; echo 3 >/proc/sys/vm/drop_caches"); err != nil {
		return err
	}
	if err := n.proc.qmp.saveState(ctx, filepath.Join(dir, n.Name()+".state")); err != nil {
		return fmt.Errorf("%s: %w", n.Name(), err)
	}
	return nil
}

// removeDataDisks: nothing was written to them, every run makes its own.
func removeDataDisks(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.img"))
	if err != nil {
		return fmt.Errorf("remove data disks: %w", err)
	}
	for _, path := range files {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove data disks: %w", err)
		}
	}
	return nil
}
