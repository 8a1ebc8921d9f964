package watch_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/clitest"
	"github.com/holdfast-storage/holdfast/internal/cli/watch"
)

// watcher runs a watch; between takes the number of the look that was shown last.
func watcher(t *testing.T, ctx context.Context, srv *clitest.Server, between func(n int), args ...string) (code int, out, problems string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	looks := 0
	app := &cli.App{Prog: "holdfast", Version: "1", Commands: []*cli.Command{watch.Command()}, Env: cli.Env{
		Out: &stdout, Err: &stderr, In: strings.NewReader(""), Getenv: func(string) string { return "" }, Width: 80, Now: time.Now,
		Sleep: func(time.Duration) { looks++; between(looks) }, Files: cli.Files{Root: t.TempDir()},
		LookupHost: func(string) ([]string, error) { return nil, errors.New("no names here") },
	}}
	code = app.Run(ctx, append([]string{"--no-color", "--controllers", srv.Address()}, args...))
	return code, stdout.String(), stderr.String()
}

// The list is printed again when it has changed, and only then.
func TestChanges(t *testing.T) {
	srv := clitest.New()
	defer srv.Close()
	nodes := func(state string) []byte {
		return []byte(`[{"name":"alpha","type":"SATELLITE","connection_status":"` + state + `"}]`)
	}
	srv.Answer(http.MethodGet, "/v1/nodes", http.StatusOK, nodes("ONLINE"))
	code, out, problems := watcher(t, t.Context(), srv, func(n int) {
		if n == 2 {
			srv.Answer(http.MethodGet, "/v1/nodes", http.StatusOK, nodes("OFFLINE"))
		}
	}, "watch", "node", "--count", "4")
	if code != 0 || problems != "" {
		t.Fatalf("exit code %d: %s", code, problems)
	}
	if tables := strings.Count(out, "| NodeType"); tables != 2 {
		t.Errorf("%d tables for one change:\n%s", tables, out)
	}
	if online, offline := strings.Index(out, "Online"), strings.Index(out, "OFFLINE"); online < 0 || offline < online {
		t.Errorf("the states are not shown in order:\n%s", out)
	}
}

// Interrupting it is the way to end it, and no failure.
func TestInterrupted(t *testing.T) {
	srv := clitest.New()
	defer srv.Close()
	ctx, stop := context.WithCancel(t.Context())
	code, _, problems := watcher(t, ctx, srv, func(int) { stop() }, "watch", "node")
	if code != 0 || problems != "" {
		t.Errorf("exit code %d: %s", code, problems)
	}
}

// A controller that is not there is a failure.
func TestNoController(t *testing.T) {
	srv := clitest.New()
	srv.Close()
	if code, _, problems := watcher(t, t.Context(), srv, func(int) {}, "watch", "node"); code == 0 || problems == "" {
		t.Errorf("exit code %d: %q", code, problems)
	}
}
