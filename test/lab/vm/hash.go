package vm

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
)

// keyOf makes a short name for a list of ingredients. Their lengths go in, so
// that no two lists run together.
func keyOf(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

func fileKey(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("hash file: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// moduleFiles lists the kernel modules of a folder, sorted.
func moduleFiles(dir string) ([]string, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("HOLDFAST_LAB_MODULES: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.ko"))
	if err != nil {
		return nil, fmt.Errorf("HOLDFAST_LAB_MODULES: %w", err)
	}
	sort.Strings(files)
	return files, nil
}

// modulesKey changes with the name or content of any module.
func modulesKey(dir string) (string, error) {
	if dir == "" {
		return "none", nil
	}
	files, err := moduleFiles(dir)
	if err != nil {
		return "", err
	}
	var parts []string
	for _, path := range files {
		sum, err := fileKey(path)
		if err != nil {
			return "", err
		}
		parts = append(parts, filepath.Base(path), sum)
	}
	return keyOf(parts...), nil
}
