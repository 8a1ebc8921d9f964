package provider_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func TestExecute(t *testing.T) {
	m := sim.NewMachine("n1")
	m.Register("lvremove", func(_ *sim.Machine, c run.Cmd) run.Result {
		return run.Result{ExitCode: 5, Stderr: []byte("first\nlast words\n")}
	})
	remove := run.Command("lvremove", "vg/lv")
	for name, c := range map[string]struct {
		step provider.Step
		want string // part of the error; empty for none
		is   error
	}{
		"write":            {step: provider.Step{Write: &run.File{Path: "/tmp/a", Exclusive: true}}},
		"write to nowhere": {step: provider.Step{Why: "note it", Write: &run.File{Path: "/no/a"}}, want: "note it: write /no/a", is: fs.ErrNotExist},
		"remove":           {step: provider.Step{Remove: "/tmp/nothing"}},
		"remove a dir":     {step: provider.Step{Why: "forget it", Remove: "/tmp"}, want: "forget it: remove /tmp"},
		"exit is known":    {step: provider.Step{Cmd: &remove, OKExit: []int{3, 5}}},
		"exit is unknown":  {step: provider.Step{Why: "remove it", Cmd: &remove, OKExit: []int{3}}, want: "remove it: lvremove exited with 5: last words"},
		"no such tool":     {step: provider.Step{Why: "try", Cmd: &run.Cmd{Argv: []string{"nope"}}}, want: "try: run nope", is: fs.ErrNotExist},
		"nothing":          {step: provider.Step{Why: "idle"}, want: "idle", is: provider.ErrMalformedStep},
		"two things":       {step: provider.Step{Cmd: &remove, Remove: "/tmp/a"}, want: "exactly one", is: provider.ErrMalformedStep},
	} {
		t.Run(name, func(t *testing.T) {
			err := provider.Execute(context.Background(), m, c.step)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error = %v, want %q", err, c.want)
			case c.is != nil && !errors.Is(err, c.is):
				t.Errorf("error = %v, is not %v", err, c.is)
			}
		})
	}
	var exit *run.ExitError
	err := provider.Execute(context.Background(), m, provider.Step{Cmd: &remove})
	if !errors.As(err, &exit) || exit.Result.ExitCode != 5 {
		t.Errorf("error = %v, want an *run.ExitError", err)
	}
}

func TestExecuteSaysWhenTheOutcomeIsUnknown(t *testing.T) {
	m := sim.NewMachine("n1")
	m.SetFaults(sim.AfterChange(1, sim.Fault{Kind: sim.Hang}))
	c := run.Command("truncate", "--size=1", "/tmp/a")
	err := provider.Execute(context.Background(), m, provider.Step{Cmd: &c})
	var exit *run.ExitError
	if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &exit) {
		t.Errorf("error = %v, want one that is no exit", err)
	}
}
