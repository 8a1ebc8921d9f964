package daemon

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/conf"
)

// Settings is what both daemons' settings can do.
type Settings interface {
	Usage(w io.Writer)
	Show(w io.Writer, asJSON bool) error
	WantsHelp() bool
	WantsVersion() bool
	Warnings() []conf.Warning
}

// Streams are where a program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Opening answers --help and --version, and turns an error of loading the
// settings into its exit code. With goOn the program carries on.
func Opening(st Streams, program, version string, s Settings, err error) (code int, goOn bool) {
	var usage *conf.UsageError
	switch {
	case errors.As(err, &usage):
		fmt.Fprintf(st.Err, "%s: %v\nTry '%s --help'.\n", program, err, program)
		return ExitUsage, false
	case s.WantsHelp():
		s.Usage(st.Out)
		return ExitOK, false
	case s.WantsVersion():
		fmt.Fprintf(st.Out, "%s %s\n", program, version)
		return ExitOK, false
	case err != nil:
		fmt.Fprintf(st.Err, "%s: the configuration has errors:\n  %s\n", program, strings.ReplaceAll(err.Error(), "\n", "\n  "))
		return ExitConfig, false
	}
	return ExitOK, true
}

// TakeSwitch takes a switch such as --json out of the arguments of a subcommand.
func TakeSwitch(args []string, name string) (rest []string, given bool) {
	i := slices.Index(args, name)
	if i < 0 {
		return args, false
	}
	return slices.Concat(args[:i], args[i+1:]), true
}

// CommandFirst puts a subcommand of two words before the options that were given before
// it; rest are the words after those options. Other arguments stay as they are.
func CommandFirst(args, rest []string, commands ...string) []string {
	if len(rest) < 2 || len(rest) == len(args) || !slices.Contains(commands, rest[0]) {
		return args
	}
	options := args[:len(args)-len(rest)]
	return slices.Concat(rest[:2], options, rest[2:])
}

// ShowConfig is the subcommand "config show"; load reads the settings from the
// options after it.
func ShowConfig(st Streams, program, version string, args []string, load func(args []string) (Settings, error)) int {
	if len(args) == 0 || args[0] != "show" {
		return Fail(st.Err, ExitUsage, program, fmt.Errorf("write '%s config show [--json]'", program))
	}
	args, asJSON := TakeSwitch(args[1:], "--json")
	s, err := load(args)
	// Settings with errors are shown too: that is when one needs to see them.
	code, goOn := Opening(st, program, version, s, err)
	if !goOn && code != ExitConfig {
		return code
	}
	if err := s.Show(st.Out, asJSON); err != nil {
		return Fail(st.Err, ExitCritical, program, fmt.Errorf("show the configuration: %w", err))
	}
	for _, w := range s.Warnings() {
		fmt.Fprintf(st.Err, "warning: %s: %s: %s\n", w.Where, w.Key, w.Why)
	}
	return code
}
