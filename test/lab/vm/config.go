package vm

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

// Config is what a user can choose.
type Config struct {
	// CacheDir keeps image, warm state and the running machines' files.
	CacheDir string
	// ModulesDir is a folder of kernel modules (*.ko) to be loaded in every
	// machine; empty means none.
	ModulesDir string
	// Mirror is where Debian packages come from.
	Mirror string
	// Accel forces "kvm" or "tcg"; empty means to try.
	Accel string
	// Log gets the lab's progress.
	Log *slog.Logger
}

// ConfigFromEnv reads the HOLDFAST_LAB_* variables.
func ConfigFromEnv(log *slog.Logger) (Config, error) {
	c := Config{
		CacheDir:   os.Getenv("HOLDFAST_LAB_CACHE"),
		ModulesDir: os.Getenv("HOLDFAST_LAB_MODULES"),
		Mirror:     os.Getenv("HOLDFAST_LAB_MIRROR"),
		Accel:      os.Getenv("HOLDFAST_LAB_ACCEL"),
		Log:        log,
	}
	if c.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return c, fmt.Errorf("find the cache folder (or set HOLDFAST_LAB_CACHE): %w", err)
		}
		c.CacheDir = filepath.Join(base, "holdfast-lab")
	}
	if c.Mirror == "" {
		c.Mirror = "http://deb.debian.org"
	}
	return c, c.check()
}

func (c *Config) check() error {
	abs, err := filepath.Abs(c.CacheDir)
	if err != nil {
		return fmt.Errorf("HOLDFAST_LAB_CACHE: %w", err)
	}
	c.CacheDir = abs
	switch c.Accel {
	case "", accelKVM, accelTCG:
	default:
		return fmt.Errorf("HOLDFAST_LAB_ACCEL is %q; give kvm, tcg or nothing", c.Accel)
	}
	if c.ModulesDir == "" {
		return nil
	}
	if c.ModulesDir, err = filepath.Abs(c.ModulesDir); err != nil {
		return fmt.Errorf("HOLDFAST_LAB_MODULES: %w", err)
	}
	files, err := moduleFiles(c.ModulesDir)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("HOLDFAST_LAB_MODULES is " + c.ModulesDir + ", which holds no *.ko file; give a folder of kernel modules or unset it")
	}
	return nil
}
