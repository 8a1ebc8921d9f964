// Package packaging_test checks what is shipped beside the programs: that the
// example files are understood, and the units are sound.
package packaging_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/conf"
)

// uncomment turns every example line of a file into a setting.
func uncomment(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("examples", name))
	if err != nil {
		t.Fatal(err)
	}
	re := regexp.MustCompile(`(?m)^# ([a-z_]+ = )`)
	out := re.ReplaceAllString(string(data), "$1")
	if out == string(data) {
		t.Fatalf("%s has no example line", name)
	}
	return out
}

func input(content string) conf.Input {
	return conf.Input{Getenv: func(string) string { return "" },
		ReadFile: func(string) ([]byte, error) { return []byte(content), nil },
		Stat:     func(string) (fs.FileInfo, error) { return nil, fs.ErrNotExist }}
}

func TestControllerExample(t *testing.T) {
	content := uncomment(t, "linstor.toml")
	c, err := conf.LoadController(input(content))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range c.Warnings() {
		t.Errorf("the example sets %s, which has no effect: %s", w.Key, w.Why)
	}
	d := conf.DefaultController()
	if c.HTTP != d.HTTP || c.HTTPS != d.HTTPS || c.DB != d.DB || c.Logging != d.Logging || c.Wait != d.Wait {
		t.Errorf("the example does not show the defaults:\n%+v\n%+v", c, d)
	}
}

func TestSatelliteExample(t *testing.T) {
	content := uncomment(t, "linstor_satellite.toml")
	s, err := conf.LoadSatellite(input(content))
	if err != nil {
		t.Fatal(err)
	}
	d := conf.DefaultSatellite()
	if s.Type != d.Type || s.Address != d.Address || s.Port != d.Port || s.Logging != d.Logging || s.StateDir != d.StateDir ||
		s.Workers != d.Workers || s.Protocol != d.Protocol {
		t.Errorf("the example does not show the defaults:\n%+v\n%+v", s, d)
	}
}

// TestUnits has systemd read the units, where it is installed.
func TestUnits(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	units, err := filepath.Glob("systemd/*.service")
	if err != nil || len(units) == 0 {
		t.Fatalf("units %v, %v", units, err)
	}
	for _, unit := range units {
		data, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// The programs need not be installed, and man pages not be there.
		text := regexp.MustCompile(`/usr/sbin/holdfast-\w+`).ReplaceAllString(string(data), "/bin/true")
		text = regexp.MustCompile(`(?m)^Documentation=.*\n`).ReplaceAllString(text, "")
		copied := filepath.Join(t.TempDir(), filepath.Base(unit))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "verify", "--recursive-errors=no", "--man=no", copied).CombinedOutput()
		if err != nil || strings.Contains(string(out), filepath.Base(unit)) {
			t.Errorf("%s: %v\n%s", unit, err, out)
		}
	}
}

// TestPackageFiles looks that every file that a package shall hold is there;
// bin/ is made by the build.
func TestPackageFiles(t *testing.T) {
	lists, err := filepath.Glob("nfpm/*.yaml")
	if err != nil || len(lists) != 3 {
		t.Fatalf("package lists %v, %v", lists, err)
	}
	src := regexp.MustCompile(`(?m)(?:- src|postinstall|preremove|postremove): ((?:packaging/|LICENSE)\S*)`)
	for _, list := range lists {
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range src.FindAllStringSubmatch(string(data), -1) {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("%s: %v", list, err)
			}
		}
	}
}
