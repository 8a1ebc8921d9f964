package logged

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/run"
)

type scripted struct{ run.Host }

func (scripted) Run(context.Context, run.Cmd) (run.Result, error) {
	return run.Result{Stdout: []byte("told in confidence"), ExitCode: 3}, nil
}

// The log names what was run and how it ended, and keeps what it was fed and what it
// answered to itself.
func TestLoggedKeepsSecrets(t *testing.T) {
	var out bytes.Buffer
	h := Host(scripted{}, slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if _, err := h.Run(context.Background(), run.Cmd{Argv: []string{"cryptsetup", "open"}, Stdin: []byte("the passphrase")}); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	for _, want := range []string{`command="cryptsetup open"`, "exit=3", "took="} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q: %s", want, got)
		}
	}
	for _, secret := range []string{"passphrase", "confidence"} {
		if strings.Contains(got, secret) {
			t.Errorf("the log shows %q: %s", secret, got)
		}
	}
	if _, follows := h.(run.Streamer); follows {
		t.Error("a host that cannot follow commands seems to")
	}
}
