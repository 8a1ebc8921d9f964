package main

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/daemon"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

// call runs the program in this process.
func call(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(daemon.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, args)
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "linstor.toml"), []byte("[http]\nprt = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := map[string]struct {
		args []string
		want int
		says string
	}{
		"version":        {[]string{"-v"}, daemon.ExitOK, "holdfast-controller "},
		"help":           {[]string{"--help"}, daemon.ExitOK, "usage: holdfast-controller"},
		"unknown option": {[]string{"--prt=1"}, daemon.ExitUsage, "unknown option -prt"},
		"unknown word":   {[]string{"-c", t.TempDir(), "start"}, daemon.ExitUsage, `unknown command "start"`},
		"configuration":  {[]string{"-c", dir}, daemon.ExitConfig, "linstor.toml:2: http.prt: is not a known setting; did you mean http.port?"},
		"certificate": {[]string{"-c", t.TempDir(), "--set", "https.enabled=true", "--set", "https.certificate=" + dir + "/x", "--set", "https.key=" + dir + "/x"},
			daemon.ExitConfig, dir + "/x"},
		"port taken": {[]string{"-c", t.TempDir(), "--memory-database", "-l", filepath.Join(dir, "log"), "--rest-bind", taken.Addr().String()}, daemon.ExitNetwork, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errs := call(t, tt.args...)
			if code != tt.want || !strings.Contains(out+errs, tt.says) {
				t.Errorf("exit code %d, want %d with %q:\n%s%s", code, tt.want, tt.says, out, errs)
			}
		})
	}
}

func TestConfigShow(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "linstor.toml")
	if err := os.WriteFile(file, []byte("[http]\nport = 3380\n[db]\npassword = \"hush\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := call(t, "config", "show", "-c", dir)
	if _, other, _ := call(t, "-c", dir, "config", "show"); other != out {
		t.Errorf("with the options first: %s", other)
	}
	if code != daemon.ExitOK || !strings.Contains(out, file+":2") || !strings.Contains(errs, "db.password: read, has no effect") {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
	if strings.Contains(out+errs, "hush") {
		t.Error("the password is shown")
	}
	if code, out, _ = call(t, "config", "show", "--json", "-c", dir); code != daemon.ExitOK || !strings.Contains(out, `"value": 3380`) {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, _, _ = call(t, "config"); code != daemon.ExitUsage {
		t.Errorf("config without a verb gave %d", code)
	}
	// Broken settings are shown too, with the code that a start would give.
	if err := os.WriteFile(file, []byte("[http]\nport = 99999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, errs = call(t, "config", "show", "-c", dir); code != daemon.ExitConfig || !strings.Contains(out, "99999") || !strings.Contains(errs, "out of range") {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
}

func TestDatabaseCommands(t *testing.T) {
	dir := t.TempDir()
	db, other, dump := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db"), filepath.Join(dir, "dump.json")
	// The machine's own configuration must not matter.
	at := func(path string) []string { return []string{"-c", dir, "--set", "db.path=" + path} }
	empty := `{"format":"x"}`
	if err := os.WriteFile(filepath.Join(dir, "wrong.json"), []byte(empty), 0o600); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		what string
		args []string
		want int
	}{
		{"no verb", nil, daemon.ExitUsage},
		{"unknown verb", []string{"drop"}, daemon.ExitUsage},
		{"check of nothing", append([]string{"check"}, at(db)...), daemon.ExitCritical},
		{"import of something else", append(append([]string{"import"}, at(db)...), filepath.Join(dir, "wrong.json")), daemon.ExitCritical},
		{"import without a file", append([]string{"import"}, at(db)...), daemon.ExitUsage},
	}
	for _, s := range steps {
		if code, out, errs := call(t, append([]string{"db"}, s.args...)...); code != s.want {
			t.Errorf("%s: exit code %d, want %d:\n%s%s", s.what, code, s.want, out, errs)
		}
	}
	made, err := sqlite.Open(t.Context(), db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Close(); err != nil {
		t.Fatal(err)
	}
	steps = []struct {
		what string
		args []string
		want int
	}{
		{"check", append([]string{"check", "--json"}, at(db)...), daemon.ExitOK},
		{"repair", append([]string{"repair"}, at(db)...), daemon.ExitOK},
		{"export", append(append([]string{"export"}, at(db)...), dump), daemon.ExitOK},
		{"export does not overwrite", append(append([]string{"export"}, at(db)...), dump), daemon.ExitCritical},
		{"import", append(append([]string{"import"}, at(other)...), dump), daemon.ExitOK},
	}
	for _, s := range steps {
		if code, out, errs := call(t, append([]string{"db"}, s.args...)...); code != s.want {
			t.Errorf("%s: exit code %d, want %d:\n%s%s", s.what, code, s.want, out, errs)
		}
	}
	if info, err := os.Stat(dump); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the export can be read by others: %v, %v", info, err)
	}
}
