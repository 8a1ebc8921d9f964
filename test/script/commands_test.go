package script

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-storage/holdfast/internal/sim"
)

// program makes a program a command of the scripts.
func program(name string) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if code := run(ts, name, args...); (code != 0) != neg {
			ts.Fatalf("%s %s: exit code %d", name, strings.Join(args, " "), code)
		}
	}
}

// run runs a program, makes its output stable and gives its exit code.
func run(ts *testscript.TestScript, name string, args ...string) int {
	err := ts.Exec(name, args...)
	out, errs := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	w := worldOf(ts)
	if w.stable(out) != out || w.stable(errs) != errs {
		_, oerr := io.WriteString(ts.Stdout(), w.stable(out))
		_, eerr := io.WriteString(ts.Stderr(), w.stable(errs))
		ts.Check(errors.Join(oerr, eerr))
	}
	if err == nil {
		return 0
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		ts.Check(err)
	}
	return exit.ExitCode()
}

// unstable is what differs from run to run, by the text that takes its place.
var unstable = map[string]*regexp.Regexp{
	"UUID": regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`),
	// The reason is the first or a later one, as it happens.
	"OFFLINE: WHY":        regexp.MustCompile(`OFFLINE: [^\n]+`),
	"time=T":              regexp.MustCompile(`time=[^ ]+`),
	"YYYYMMDDThhmmss":     regexp.MustCompile(`[0-9]{8}T[0-9]{6}\.[0-9]+Z`),
	"version=V":           regexp.MustCompile(`version=("[^"]*"|[^ \n]+)`),
	"process N":           regexp.MustCompile(`(?i)process [0-9]+`),
	"YYYY-MM-DD hh:mm:ss": regexp.MustCompile(`20[0-9][0-9]-[01][0-9]-[0-3][0-9] [0-9:]{8}`),
}

// stable puts the same text in the place of what differs from run to run. Addresses
// keep their length, and so tables their form.
func (w *world) stable(s string) string {
	for text, re := range unstable {
		s = re.ReplaceAllString(s, text)
	}
	s = regexp.MustCompile(`\b`+strconv.Itoa(w.port)+`\b`).ReplaceAllString(s, "13366")
	return strings.NewReplacer(w.net, "127.100.100.", w.work, "$WORK").Replace(s)
}

func lookPath(ts *testscript.TestScript, name string) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		p := filepath.Join(dir, name)
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	ts.Fatalf("there is no program %s", name)
	return ""
}

// codeCmd is the script command "code".
func codeCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N CMD ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := run(ts, args[1], args[2:]...); got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// pause is how often await looks.
const pause = 20 * time.Millisecond

// awaitCmd is the script command "await".
func awaitCmd(ts *testscript.TestScript, neg bool, args []string) {
	gone := len(args) > 0 && args[0] == "-gone"
	if gone {
		args = args[1:]
	}
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await [-gone] RE CMD ARGS...")
	}
	re, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	// The environment is the script's; what was printed in vain is not logged.
	var out bytes.Buffer
	seen := poll(pause, func() bool {
		out.Reset()
		cmd := exec.Command(lookPath(ts, args[1]), args[2:]...)
		cmd.Dir = ts.MkAbs(".")
		for _, k := range []string{"LS_CONTROLLERS", "HOME", "LS_CLIENT_NO_COLOR", "COLUMNS", "TZ", "LC_ALL", "GORACE", "PATH"} {
			cmd.Env = append(cmd.Env, k+"="+ts.Getenv(k))
		}
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		return re.Match(out.Bytes()) != gone && (err == nil || !gone)
	})
	_, werr := io.WriteString(ts.Stdout(), worldOf(ts).stable(out.String()))
	ts.Check(werr)
	if !seen {
		ts.Fatalf("%q did not come within %s", args[0], limit)
	}
}

// damageCmd is the script command "damage".
func damageCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: damage FILE TEXT")
	}
	name := ts.MkAbs(args[0])
	data := []byte(ts.ReadFile(args[0]))
	if !bytes.Contains(data, []byte(args[1])) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	noise := bytes.Repeat([]byte{0xa5}, len(args[1]))
	ts.Check(os.WriteFile(name, bytes.ReplaceAll(data, []byte(args[1]), noise), 0o600))
}

// clusterCmd is the script command "cluster".
func clusterCmd(ts *testscript.TestScript, neg bool, args []string) {
	layers := []string{"--layer-list", "storage"}
	if len(args) > 0 && args[0] == "-replicated" {
		worldOf(ts).network = sim.NewNetwork()
		args, layers = args[1:], nil
	}
	if neg || len(args) == 0 {
		ts.Fatalf("usage: cluster [-replicated] NAME...")
	}
	controllerCmd(ts, false, []string{"start"})
	satelliteCmd(ts, false, args)
	linstor := program("linstor")
	port := strconv.Itoa(worldOf(ts).port)
	for _, name := range args {
		linstor(ts, false, []string{"node", "create", name, ts.Getenv("IP_" + name), "--port", port})
		linstor(ts, false, []string{"storage-pool", "create", "filethin", name, "pool", "/pool"})
	}
	linstor(ts, false, append([]string{"resource-group", "create", "grp", "--place-count", "2", "--storage-pool", "pool"}, layers...))
	linstor(ts, false, []string{"volume-group", "create", "grp"})
}
