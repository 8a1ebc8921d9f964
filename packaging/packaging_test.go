// Package packaging_test checks what is shipped beside the programs: that the
// example files are understood, and the units are sound.
package packaging_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// TestContainerFiles reads the container files as a builder would: known instructions,
// a base first, and every file that is copied in is in the repository or made by
// "make build".
func TestContainerFiles(t *testing.T) {
	files, err := filepath.Glob("containers/Containerfile.*")
	if err != nil || len(files) != 2 {
		t.Fatalf("container files %v, %v", files, err)
	}
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	programs := strings.Fields(regexp.MustCompile(`(?m)^PROGRAMS := (.*)$`).FindStringSubmatch(string(makefile))[1])
	known := regexp.MustCompile(`^(FROM|RUN|COPY|VOLUME|EXPOSE|ENTRYPOINT|CMD|ENV|ARG|LABEL|USER|WORKDIR|HEALTHCHECK|STOPSIGNAL)\s+\S`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps := instructions(string(data))
		if len(steps) == 0 || !strings.HasPrefix(steps[0], "FROM ") {
			t.Errorf("%s does not begin with a base", file)
		}
		entry := ""
		for _, step := range steps {
			if !known.MatchString(step) {
				t.Errorf("%s: not an instruction: %s", file, step)
			}
			words := strings.Fields(step)
			switch words[0] {
			case "COPY":
				for _, from := range words[1 : len(words)-1] {
					if made, ok := strings.CutPrefix(from, "bin/"); ok && slices.Contains(programs, made) {
						continue
					}
					if _, err := os.Stat(filepath.Join("..", from)); err != nil {
						t.Errorf("%s: %v", file, err)
					}
				}
				entry = words[len(words)-1]
			case "RUN":
				if out, err := exec.Command("sh", "-n", "-c", strings.TrimPrefix(step, "RUN ")).CombinedOutput(); err != nil {
					t.Errorf("%s: %v: %s", file, err, out)
				}
			case "ENTRYPOINT", "VOLUME":
				var list []string
				if err := json.Unmarshal([]byte(step[len(words[0]):]), &list); err != nil {
					t.Errorf("%s: %s: %v", file, step, err)
				}
				if words[0] == "ENTRYPOINT" && (len(list) == 0 || list[0] != entry) {
					t.Errorf("%s starts %v, which was not copied in", file, list)
				}
			}
		}
	}
}

// instructions joins continued lines; comments may stand between them.
func instructions(text string) []string {
	var out []string
	var now strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		more, goesOn := strings.CutSuffix(line, "\\")
		now.WriteString(more)
		if !goesOn {
			out = append(out, now.String())
			now.Reset()
		}
	}
	return out
}
