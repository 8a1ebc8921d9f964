package sim

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// samples is where real output of tools is, on machines that have it.
const samples = "../../../shared/facts/samples"

func sample(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(samples, name))
	if err != nil {
		t.Skipf("no samples here: %v", err)
	}
	return data
}

// feed runs a command with standard input.
func feed(t *testing.T, m *Machine, in string, argv ...string) run.Result {
	t.Helper()
	res, err := m.Run(bg, run.Cmd{Argv: argv, Stdin: []byte(in)})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// exits checks a command's exit code, and that it says something on failure.
func exits(t *testing.T, code int, res run.Result) {
	t.Helper()
	if res.ExitCode != code {
		t.Fatalf("exit code %d, want %d: %s%s", res.ExitCode, code, res.Stdout, res.Stderr)
	}
}

// lvmDo runs a tool of LVM, with the filter that all of them need.
func lvmDo(t *testing.T, m *Machine, tool string, args ...string) run.Result {
	t.Helper()
	return do(t, m, append([]string{tool, "--config", `devices { filter=["r|^/dev/drbd.*|"] }`}, args...)...)
}

const luksName = "Linstor-Crypt-web_00000"

func formatted(t *testing.T) (*Machine, *LUKS) {
	t.Helper()
	m := NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := NewLVM(m).AddVG("vg", "/dev/vdb"); err != nil {
		t.Fatal(err)
	}
	l := NewLUKS(m)
	exits(t, 0, lvmDo(t, m, "lvcreate", "--yes", "--name", "web_00000", "--size", "131072k", "vg"))
	exits(t, 0, feed(t, m, "key one", "cryptsetup", "--batch-mode", "luksFormat", "--type", "luks2", "--pbkdf-memory", "262144", "--key-file", "-", "/dev/vg/web_00000"))
	return m, l
}

func openLUKS(t *testing.T, m *Machine, key string) run.Result {
	t.Helper()
	return feed(t, m, key, "cryptsetup", "open", "--tries", "1", "--key-file=-", "/dev/vg/web_00000", luksName)
}

func TestLUKSLifecycle(t *testing.T) {
	m, _ := formatted(t)
	must(t, m, "cryptsetup", "isLuks", "/dev/vg/web_00000")
	if got := must(t, m, "blkid", "-p", "-o", "export", "/dev/vg/web_00000"); !strings.Contains(got, "TYPE=crypto_LUKS") {
		t.Errorf("blkid: %s", got)
	}
	exits(t, 2, openLUKS(t, m, "wrong"))
	exits(t, 1, openLUKS(t, m, ""))
	exits(t, 0, openLUKS(t, m, "key one"))
	exits(t, 5, openLUKS(t, m, "key one"))
	exits(t, 5, feed(t, m, "key one", "cryptsetup", "open", "--key-file=-", "/dev/vg/web_00000", "other"))
	dev := "/dev/mapper/" + luksName
	if got := m.DeviceSize(dev); got != (128-16)<<20 {
		t.Errorf("size %d", got)
	}
	exits(t, 5, feed(t, m, "key", "cryptsetup", "luksFormat", "/dev/vg/web_00000", "--key-file", "-"))
	exits(t, 5, lvmDo(t, m, "lvremove", "--yes", "vg/web_00000"))
	if got := must(t, m, "cryptsetup", "status", luksName); !strings.Contains(got, "device:  /dev/mapper/vg-web_00000\n") || !strings.Contains(got, "size:    229376 sectors") {
		t.Errorf("status: %s", got)
	}
	if err := m.Hold(dev); err != nil {
		t.Fatal(err)
	}
	exits(t, 5, do(t, m, "cryptsetup", "close", luksName))
	if err := m.Release(dev); err != nil {
		t.Fatal(err)
	}
	must(t, m, "cryptsetup", "close", luksName)
	exits(t, 4, do(t, m, "cryptsetup", "close", luksName))
	exits(t, 4, do(t, m, "cryptsetup", "status", luksName))
}

// What is written through the container cannot be seen below it, and is there again
// after it was closed, after a power loss, and in a copy of the lower device, but
// not after it was formatted anew.
func TestLUKSKeepsWhatWasWritten(t *testing.T) {
	m, _ := formatted(t)
	dev := "/dev/mapper/" + luksName
	exits(t, 0, openLUKS(t, m, "key one"))
	if err := m.SetMark(dev, MarkData, "secret"); err != nil {
		t.Fatal(err)
	}
	must(t, m, "mkfs.ext4", dev)
	if got := m.Mark("/dev/vg/web_00000", MarkData) + m.Mark("/dev/vg/web_00000", MarkFS); got != "" {
		t.Errorf("below the container: %q", got)
	}
	m.PowerLoss(0)
	m.Restart()
	if m.DeviceSize(dev) >= 0 {
		t.Fatal("the container is open after a power loss")
	}
	exits(t, 4, openLUKS(t, m, "key one")) // the volume is not active
	exits(t, 0, lvmDo(t, m, "lvchange", "--activate", "y", "vg/web_00000"))
	exits(t, 0, openLUKS(t, m, "key one"))
	if got := m.Mark(dev, MarkData) + m.Mark(dev, MarkFS); got != "secretext4" {
		t.Errorf("after a power loss: %q", got)
	}
	must(t, m, "cryptsetup", "close", luksName)
	exits(t, 0, feed(t, m, "key one", "cryptsetup", "luksFormat", "--key-file=-", "/dev/vg/web_00000"))
	exits(t, 0, openLUKS(t, m, "key one"))
	if got := m.Mark(dev, MarkData); got != "" {
		t.Errorf("after a new format: %q", got)
	}
}

func TestLUKSKeys(t *testing.T) {
	m, l := formatted(t)
	exits(t, 2, feed(t, m, "wrong\nkey two\n", "cryptsetup", "luksChangeKey", "/dev/vg/web_00000"))
	exits(t, 1, feed(t, m, "key one\n", "cryptsetup", "luksChangeKey", "/dev/vg/web_00000"))
	exits(t, 0, feed(t, m, "key one\nkey two\n", "cryptsetup", "luksChangeKey", "--pbkdf-memory", "262144", "/dev/vg/web_00000"))
	if l.UnlockedBy("/dev/vg/web_00000", "key one") || !l.UnlockedBy("/dev/vg/web_00000", "key two") {
		t.Error("the key was not changed")
	}
	exits(t, 2, feed(t, m, "key one", "cryptsetup", "open", "--test-passphrase", "--key-file=-", "/dev/vg/web_00000"))
	exits(t, 0, feed(t, m, "key two", "cryptsetup", "open", "--test-passphrase", "--key-file=-", "/dev/vg/web_00000"))
	// A key file is taken as it is, a line ends at its end.
	exits(t, 2, feed(t, m, "key two\n", "cryptsetup", "open", "--test-passphrase", "--key-file=-", "/dev/vg/web_00000"))
	exits(t, 0, feed(t, m, "key two\n", "cryptsetup", "open", "--test-passphrase", "/dev/vg/web_00000"))
	for _, r := range m.Commands() {
		if strings.Contains(r.String(), "key two") {
			t.Errorf("a key in %s", r)
		}
	}
}

func TestLUKSResize(t *testing.T) {
	m, _ := formatted(t)
	exits(t, 0, openLUKS(t, m, "key one"))
	exits(t, 0, lvmDo(t, m, "lvextend", "--size", "262144k", "vg/web_00000"))
	dev := "/dev/mapper/" + luksName
	if got := m.DeviceSize(dev); got != 112<<20 {
		t.Errorf("size before resize %d", got)
	}
	exits(t, 1, do(t, m, "cryptsetup", "resize", luksName)) // LUKS2 asks for the key
	exits(t, 2, feed(t, m, "wrong", "cryptsetup", "resize", "--key-file=-", luksName))
	exits(t, 0, feed(t, m, "key one", "cryptsetup", "resize", "--key-file=-", luksName))
	if got := m.DeviceSize(dev); got != 240<<20 {
		t.Errorf("size after resize %d", got)
	}
	m.ForgetCommands()
	exits(t, 0, feed(t, m, "key one", "cryptsetup", "resize", "--key-file=-", luksName))
	if got := m.Changes(); len(got) != 0 {
		t.Errorf("a resize to the same size changed something: %v", got)
	}
}

func TestLUKSRefusals(t *testing.T) {
	m := NewMachine("n1")
	NewLUKS(m)
	m.AddDisk("/dev/vdb", "b", 1<<30)
	m.AddDisk("/dev/vdc", "c", 8<<20)
	exits(t, 1, do(t, m, "cryptsetup", "isLuks", "/dev/vdb"))
	exits(t, 4, do(t, m, "cryptsetup", "isLuks", "/dev/vdx"))
	exits(t, 1, feed(t, m, "k", "cryptsetup", "luksFormat", "--key-file=-", "/dev/vdc")) // too small
	exits(t, 4, feed(t, m, "k", "cryptsetup", "luksFormat", "--key-file=-", "/dev/vdx"))
	exits(t, 1, feed(t, m, "k", "cryptsetup", "open", "--key-file=-", "/dev/vdb", "x"))
	exits(t, 64, feed(t, m, "k", "cryptsetup", "open", "--guess", "/dev/vdb", "x"))
	res := do(t, m, "cryptsetup", "luksDump", "/dev/vdb")
	if res.ExitCode != 1 || string(res.Stderr) != "Device /dev/vdb is not a valid LUKS device.\n" {
		t.Errorf("luksDump: %+v", res)
	}
}

func TestDMSetup(t *testing.T) {
	m, _ := formatted(t)
	exits(t, 0, openLUKS(t, m, "key one"))
	uuid := strings.TrimSpace(must(t, m, "cryptsetup", "luksUUID", "/dev/vg/web_00000"))
	want := "0 229376 crypt aes-xts-plain64 :64:logon:cryptsetup:" + uuid + "-d0 0 253:0 32768\n"
	if got := must(t, m, "dmsetup", "table", luksName); got != want {
		t.Errorf("table %q, want %q", got, want)
	}
	if got := must(t, m, "dmsetup", "ls", "--target", "crypt"); got != luksName+"\t(253:1)\n" {
		t.Errorf("ls %q", got)
	}
	info := must(t, m, "dmsetup", "info", "-c", "--noheadings", "-o", "name,uuid,open", luksName)
	if want := luksName + ":CRYPT-LUKS2-" + strings.ReplaceAll(uuid, "-", "") + "-" + luksName + ":0\n"; info != want {
		t.Errorf("info %q, want %q", info, want)
	}
	exits(t, 1, do(t, m, "dmsetup", "info", "nosuch"))
}

func TestLUKSPlants(t *testing.T) {
	m := NewMachine("n1")
	m.AddDisk("/dev/vdb", "b", 1<<30)
	if err := NewLUKS(m).PlantLUKS("/dev/vdb", "theirs", "k"); err != nil {
		t.Fatal(err)
	}
	if got := m.Disturbed(); len(got) != 0 {
		t.Fatalf("disturbed at once: %v", got)
	}
	must(t, m, "cryptsetup", "close", "theirs")
	must(t, m, "wipefs", "--all", "/dev/vdb")
	if got := m.Disturbed(); len(got) != 2 {
		t.Errorf("disturbed: %v", got)
	}
}

// TestLUKSLikeReal compares what luksDump prints with real output: the same fields
// in JSON, and lines that begin in the same way.
func TestLUKSLikeReal(t *testing.T) {
	m, _ := formatted(t)
	var want, got any
	for data, to := range map[string]*any{string(sample(t, "cryptsetup-luksDump.json")): &want,
		must(t, m, "cryptsetup", "luksDump", "--dump-json-metadata", "/dev/vg/web_00000"): &got} {
		if err := json.Unmarshal([]byte(data), to); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(shape(want), shape(got)); diff != "" {
		t.Errorf("JSON (-real +model):\n%s", diff)
	}
	var heads []string
	for line := range strings.Lines(string(sample(t, "cryptsetup-luksDump.txt"))) {
		heads = append(heads, strings.TrimSpace(strings.SplitN(line, ":", 2)[0]))
	}
	for line := range strings.Lines(must(t, m, "cryptsetup", "luksDump", "/dev/vg/web_00000")) {
		if head := strings.TrimSpace(strings.SplitN(line, ":", 2)[0]); !slices.Contains(heads, head) {
			t.Errorf("a line that the real tool does not print: %q", line)
		}
	}
}

// shape is the structure of a JSON value: its keys, with the kinds of the values.
func shape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = shape(x)
		}
		return out
	case []any:
		if len(v) == 0 {
			return []any{}
		}
		return []any{shape(v[0])}
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return nil
}
