package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// ErrMalformedStep is a step that does not say exactly one thing to do. It is a
// bug in the provider that planned it.
var ErrMalformedStep = errors.New("a step needs exactly one of command, file to write and file to remove")

// Execute carries one step out. A command that exits with a code that is neither 0
// nor one of OKExit gives an *run.ExitError; any other error leaves the outcome
// unknown, and the caller has to observe again before it goes on.
func Execute(ctx context.Context, h run.Host, s Step) error {
	kinds := 0
	for _, set := range []bool{s.Cmd != nil, s.Write != nil, s.Remove != ""} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return fmt.Errorf("%s: %w", s.Why, ErrMalformedStep)
	}
	switch {
	case s.Cmd != nil:
		return execute(ctx, h, s)
	case s.Write != nil:
		if err := h.WriteFile(ctx, *s.Write); err != nil {
			return fmt.Errorf("%s: write %s: %w", s.Why, s.Write.Path, err)
		}
	default:
		if err := h.Remove(ctx, s.Remove); err != nil {
			return fmt.Errorf("%s: remove %s: %w", s.Why, s.Remove, err)
		}
	}
	return nil
}

func execute(ctx context.Context, h run.Host, s Step) error {
	res, err := h.Run(ctx, *s.Cmd)
	if err != nil {
		return fmt.Errorf("%s: run %s: %w", s.Why, s.Cmd.Argv[0], err)
	}
	if res.ExitCode != 0 && !slices.Contains(s.OKExit, res.ExitCode) {
		return fmt.Errorf("%s: %w", s.Why, &run.ExitError{Cmd: *s.Cmd, Result: res})
	}
	return nil
}

// String shows a step as a user would do it by hand. The content of a file is left
// out, for it may hold a secret.
func (s Step) String() string {
	switch {
	case s.Cmd != nil:
		return s.Cmd.String()
	case s.Write != nil:
		return fmt.Sprintf("write %s (%d bytes)", s.Write.Path, len(s.Write.Data))
	}
	return "remove " + s.Remove
}
