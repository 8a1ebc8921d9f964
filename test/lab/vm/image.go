package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// image is a built root file system and what its kernel boots with.
type image struct {
	dir string
	key string
}

func (i image) base() string    { return filepath.Join(i.dir, "base.img") }
func (i image) kernel() string  { return filepath.Join(i.dir, "vmlinuz") }
func (i image) modules() string { return filepath.Join(i.dir, "boot-modules") }

// ensureImage gives the image of the recipe, building it where the cache has none.
func ensureImage(ctx context.Context, c Config) (image, error) {
	key := keyOf(imageRecipe(c.Mirror)...)
	img := image{key: key, dir: filepath.Join(c.CacheDir, "image-"+key)}
	if _, err := os.Stat(img.dir); err == nil {
		return img, nil
	}
	c.Log.Info("building the machines' image", "suite", suite, "packages", len(packages))
	tmp, err := os.MkdirTemp(c.CacheDir, "build-")
	if err != nil {
		return img, fmt.Errorf("make build folder: %w", err)
	}
	defer os.RemoveAll(tmp)
	out := image{key: key, dir: filepath.Join(tmp, "image")}
	if err := os.Mkdir(out.dir, 0o755); err != nil {
		return img, fmt.Errorf("make image folder: %w", err)
	}
	if err := buildImage(ctx, c, filepath.Join(tmp, "root"), out); err != nil {
		return img, fmt.Errorf("build the machines' image: %w", err)
	}
	if err := os.Rename(out.dir, img.dir); err != nil {
		return img, fmt.Errorf("put image in place: %w", err)
	}
	return img, nil
}

func buildImage(ctx context.Context, c Config, root string, out image) error {
	args := []string{"--quiet", "--variant=minbase", "--include=" + strings.Join(packages, ",")}
	for _, path := range leftOut {
		args = append(args, "--dpkgopt=path-exclude="+path)
	}
	args = append(args, suite, root)
	if _, err := run(ctx, "mmdebstrap", append(args, sources(c.Mirror)...)...); err != nil {
		return err
	}
	kernels, err := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	if err != nil {
		return fmt.Errorf("find kernel: %w", err)
	}
	if len(kernels) != 1 {
		return fmt.Errorf("expected one kernel in the image, found %d", len(kernels))
	}
	if err := copyHostFile(kernels[0], out.kernel()); err != nil {
		return err
	}
	releases, err := os.ReadDir(filepath.Join(root, "lib/modules"))
	if err != nil {
		return fmt.Errorf("find kernel modules: %w", err)
	}
	if len(releases) != 1 {
		return fmt.Errorf("expected the modules of one kernel in the image, found %d", len(releases))
	}
	if err := pickBootModules(filepath.Join(root, "lib/modules", releases[0].Name()), out.modules()); err != nil {
		return err
	}
	if err := trim(root); err != nil {
		return err
	}
	_, err = run(ctx, "mke2fs", "-q", "-t", rootFilesystem, "-L", "lab-root", "-E", "lazy_itable_init=1,nodiscard",
		"-d", root, out.base(), imageSize)
	return err
}

// trim drops what only costs room, and leaves no state two machines would share.
func trim(root string) error {
	drop := []string{"var/cache/apt", "var/lib/apt/lists", "var/log/dpkg.log", "etc/machine-id"}
	initrds, err := filepath.Glob(filepath.Join(root, "boot/*"))
	if err != nil {
		return fmt.Errorf("list boot folder: %w", err)
	}
	for _, path := range drop {
		initrds = append(initrds, filepath.Join(root, path))
	}
	var errs []error
	for _, path := range initrds {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}
