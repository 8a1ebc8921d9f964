package all_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/all"
	"github.com/holdfast-storage/holdfast/internal/cli/clitest"
)

var update = flag.Bool("update", false, "rewrite the golden files in the scripts")

func TestMain(m *testing.M) {
	run := func() { os.Exit(all.Main("1.0.0")) }
	time.Local = time.UTC // what runs within the test shows dates like what is executed
	testscript.Main(m, map[string]func(){"holdfast": run, "linstor": run})
}

type serverKey struct{}

// TestScripts runs the scripts in testdata/script, each with its own controller.
// Besides the usual commands there are
//
//	cli ARGS...                        runs the program within the test, which is
//	                                   faster than exec linstor
//	requests                           prints the requests since the last time
//	code N cli ARGS...                 the same, with the exit code that it must have
//	answer METHOD PATH STATUS FILE     sets what a request gets
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			s := clitest.New()
			e.Defer(s.Close)
			e.Values[serverKey{}] = s
			e.Setenv("LS_CONTROLLERS", s.Address())
			e.Setenv("TZ", "UTC")
			e.Setenv("LC_ALL", "C.UTF-8")
			e.Setenv("COLUMNS", "80")
			e.Setenv("GORACE", "atexit_sleep_ms=0") // or each exec takes a second more with -race
			e.Setenv("HOME", e.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cli": func(ts *testscript.TestScript, neg bool, a []string) {
				if code := within(ts).Run(context.Background(), a); (code != 0) != neg {
					ts.Fatalf("exit code %d", code)
				}
			},
			"requests": func(ts *testscript.TestScript, _ bool, _ []string) {
				fmt.Fprint(ts.Stdout(), ts.Value(serverKey{}).(*clitest.Server).Requests())
			},
			"code": func(ts *testscript.TestScript, _ bool, a []string) {
				want, err := strconv.Atoi(a[0])
				ts.Check(err)
				if got := within(ts).Run(context.Background(), a[2:]); got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"answer": func(ts *testscript.TestScript, _ bool, a []string) {
				if len(a) != 4 {
					ts.Fatalf("usage: answer METHOD PATH STATUS FILE")
				}
				status, err := strconv.Atoi(a[2])
				ts.Check(err)
				ts.Value(serverKey{}).(*clitest.Server).Answer(a[0], a[1], status, []byte(ts.ReadFile(a[3])))
			},
		},
	})
}

// within is the program with the script's environment, without a terminal.
func within(ts *testscript.TestScript) *cli.App {
	none := errors.New("there is no terminal")
	return &cli.App{Prog: "linstor", Version: "linstor-client 1.0.0", Commands: all.Commands(), Env: cli.Env{
		Out: ts.Stdout(), Err: ts.Stderr(), In: strings.NewReader(""), Getenv: ts.Getenv, Width: 80,
		Now: time.Now, Sleep: time.Sleep, Files: cli.Files{Root: ts.Getenv("WORK")},
		ReadPassword: func(string) (string, error) { return "", none },
		Edit:         func([]byte) ([]byte, error) { return nil, none },
		LookupHost:   func(string) ([]string, error) { return nil, none },
	}}
}
