package vm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const agentPackage = "github.com/holdfast-storage/holdfast/test/lab/agent"

// pickBootModules copies the modules the machine boots with, numbered in the
// order they have to be loaded in.
func pickBootModules(tree, into string) error {
	order, err := loadOrder(tree, bootModules)
	if err != nil {
		return err
	}
	if err := os.Mkdir(into, 0o755); err != nil {
		return fmt.Errorf("make module folder: %w", err)
	}
	for i, path := range order {
		name := fmt.Sprintf("%02d-%s", i, filepath.Base(path))
		if err := copyHostFile(filepath.Join(tree, path), filepath.Join(into, name)); err != nil {
			return err
		}
	}
	return nil
}

// loadOrder resolves modules of a tree and what they depend on, dependencies
// first; one that is built into the kernel needs nothing.
func loadOrder(tree string, wanted []string) ([]string, error) {
	deps, err := os.ReadFile(filepath.Join(tree, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("read module dependencies: %w", err)
	}
	builtin, err := os.ReadFile(filepath.Join(tree, "modules.builtin"))
	if err != nil {
		return nil, fmt.Errorf("read built-in modules: %w", err)
	}
	needs := map[string][]string{}
	byName := map[string]string{}
	for line := range strings.Lines(string(deps)) {
		path, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		needs[path] = strings.Fields(rest)
		byName[filepath.Base(path)] = path
	}
	var order []string
	seen := map[string]bool{}
	add := func(path string) {
		if !seen[path] {
			seen[path] = true
			order = append(order, path)
		}
	}
	for _, name := range wanted {
		if strings.Contains(string(builtin), "/"+name+".ko\n") {
			continue
		}
		path, ok := byName[name+".ko"]
		if !ok {
			return nil, fmt.Errorf("the kernel of the image has no module %s", name)
		}
		// The list is complete and has the deepest dependency last.
		for _, module := range slices.Backward(needs[path]) {
			add(module)
		}
		add(path)
	}
	return order, nil
}

// ensureInitrd gives the initial RAM disk: agent, init script, boot modules.
func ensureInitrd(ctx context.Context, c Config, img image) (path, key string, err error) {
	agent := filepath.Join(c.CacheDir, "agent")
	if _, err := run(ctx, "env", "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "go", "build",
		"-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", agent, agentPackage); err != nil {
		return "", "", fmt.Errorf("build the agent: %w", err)
	}
	agentKey, err := fileKey(agent)
	if err != nil {
		return "", "", err
	}
	key = keyOf("initrd v1", img.key, agentKey, string(initScript))
	path = filepath.Join(c.CacheDir, "initrd-"+key)
	if _, err := os.Stat(path); err == nil {
		return path, key, nil
	}
	var archive bytes.Buffer
	if err := packInitrd(&archive, agent, img.modules()); err != nil {
		return "", "", fmt.Errorf("pack the initial RAM disk: %w", err)
	}
	if err := os.WriteFile(path+".tmp", archive.Bytes(), 0o644); err != nil {
		return "", "", fmt.Errorf("write the initial RAM disk: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return "", "", fmt.Errorf("put the initial RAM disk in place: %w", err)
	}
	return path, key, nil
}

func packInitrd(to *bytes.Buffer, agent, modules string) error {
	binary, err := os.ReadFile(agent)
	if err != nil {
		return err
	}
	writeCpio(to, "init", cpioFile|0o755, binary)
	writeCpio(to, "lab-init", cpioFile|0o755, initScript)
	writeCpio(to, "modules", cpioDir|0o755, nil)
	entries, err := os.ReadDir(modules)
	if err != nil {
		return err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(modules, e.Name()))
		if err != nil {
			return err
		}
		writeCpio(to, "modules/"+e.Name(), cpioFile|0o644, data)
	}
	writeCpio(to, "TRAILER!!!", 0, nil)
	return nil
}
