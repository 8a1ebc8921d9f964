package vm

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// HasModule says whether a kernel module was given and loaded.
func (l *Lab) HasModule(name string) bool {
	if l.config.ModulesDir == "" {
		return false
	}
	files, err := moduleFiles(l.config.ModulesDir)
	return err == nil && slices.ContainsFunc(files, func(path string) bool { return moduleName(path) == name })
}

// moduleName is the kernel's name of a module file.
func moduleName(path string) string {
	return strings.ReplaceAll(strings.TrimSuffix(filepath.Base(path), ".ko"), "-", "_")
}

// loadModules installs the given modules in a machine, before those of its own
// kernel, and loads them now and at every boot. A module that does not load is an
// error: scenarios would silently run with another one or none.
func (l *Lab) loadModules(ctx context.Context, n *Node) error {
	if l.config.ModulesDir == "" {
		return nil
	}
	files, err := moduleFiles(l.config.ModulesDir)
	if err != nil {
		return err
	}
	release, err := n.Run(ctx, "uname", "-r")
	if err != nil {
		return err
	}
	into := filepath.Join("/lib/modules", strings.TrimSpace(release), "updates/lab")
	var names []string
	for _, path := range files {
		if err := n.putHostFile(ctx, path, filepath.Join(into, filepath.Base(path)), 0o644); err != nil {
			return err
		}
		names = append(names, moduleName(path))
	}
	script := fmt.Sprintf(`depmod -a
names=%q
echo $names >/etc/lab-modules
for m in $names; do
	file=$(modinfo -F filename "$m")
	[[ $file == %s/* ]] || { echo "module $m would come from $file" >&2; exit 1; }
	modprobe "$m" || { dmesg | tail -n 5 >&2; exit 1; }
	[[ -d /sys/module/$m ]] || { echo "module $m is not there after loading" >&2; exit 1; }
done`, strings.Join(names, " "), into)
	if _, err := n.Shell(ctx, script); err != nil {
		return fmt.Errorf("load the modules of HOLDFAST_LAB_MODULES (%s): %w", l.config.ModulesDir, err)
	}
	return nil
}

func (n *Node) putHostFile(ctx context.Context, from, to string, mode os.FileMode) error {
	f, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy to %s: %w", n.Name(), err)
	}
	defer f.Close()
	return n.Put(ctx, to, mode, f)
}
