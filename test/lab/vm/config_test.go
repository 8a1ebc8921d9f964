package vm

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigFromEnvNamesTheWrongVariable(t *testing.T) {
	empty := t.TempDir()
	tests := map[string]struct {
		env  map[string]string
		want string
	}{
		"acceleration unknown":  {map[string]string{"HOLDFAST_LAB_ACCEL": "xen"}, "HOLDFAST_LAB_ACCEL"},
		"modules folder absent": {map[string]string{"HOLDFAST_LAB_MODULES": filepath.Join(empty, "none")}, "HOLDFAST_LAB_MODULES"},
		"modules folder empty":  {map[string]string{"HOLDFAST_LAB_MODULES": empty}, "HOLDFAST_LAB_MODULES"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HOLDFAST_LAB_CACHE", empty)
			t.Setenv("HOLDFAST_LAB_ACCEL", tc.env["HOLDFAST_LAB_ACCEL"])
			t.Setenv("HOLDFAST_LAB_MODULES", tc.env["HOLDFAST_LAB_MODULES"])
			if _, err := ConfigFromEnv(slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is %v, want it to name %s", err, tc.want)
			}
		})
	}
}

// A pid file may outlive its process and its number be given away.
func TestKillNotedSparesOthers(t *testing.T) {
	dir := t.TempDir()
	pid := []byte(strings.TrimSpace(readLink(t, "/proc/self")))
	if err := os.WriteFile(filepath.Join(dir, "n1.pid"), pid, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := killNoted(dir); err != nil {
		t.Fatal(err)
	}
}

func readLink(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestCachesHaveNamespacesOfTheirOwn(t *testing.T) {
	a, b := namespaceOf(Config{CacheDir: "/a"}), namespaceOf(Config{CacheDir: "/b"})
	if a == b {
		t.Errorf("both caches have namespace %s", a)
	}
}

func TestMissingBinaries(t *testing.T) {
	dir := t.TempDir()
	if got := len(MissingBinaries(dir)); got != len(binaries) {
		t.Errorf("an empty folder lacks %d binaries, want %d", got, len(binaries))
	}
	for _, name := range binaries {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if got := MissingBinaries(dir); got != nil {
		t.Errorf("a full folder lacks %v", got)
	}
}
