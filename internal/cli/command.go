// Package cli is the command line: it finds the command, reads its arguments,
// calls the controller through package client and shows the answer. Commands live
// in a folder per noun and are listed in cli/all; this package holds what they
// share: global options, configuration, answers, tables, JSON, sizes and dates.
//
// Compatibility with the scripts people have is the rule: names, columns, JSON and
// exit codes are those of the linstor client. What goes beyond it (prefixes of
// command names, --dry-run, explain, watch) never changes the meaning of a command
// line that worked before.
//
// Kept different on purpose: names that are not in the command tree are refused
// with the command's own usage; options that a command does not know are tried as
// global ones; several DRBD options go out in one request; a DRBD rate that would
// be rounded down to nothing is an error; property columns, peers and Aux
// properties are sorted; the free space manager of a single pool is not shown as a
// shared name; a node's connection state that is new is shown instead of failing;
// toggle-disk uses the calls that every controller knows.
//
// Invariant: a command reaches the controller through Call.API only, and writes
// through the Call's writers only. The package knows nothing of the controller's
// inside.
package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is an object such as node, or a verb such as list.
type Command struct {
	Name    string
	Aliases []string
	// Short is one sentence for the help.
	Short  string
	Hidden bool
	// Sub are the verbs of an object; then Args and Run are not used.
	Sub  []*Command
	Args func(*args.Spec)
	Run  func(context.Context, *Call) error
	// Local commands need no controller and never connect.
	Local bool
	// Transaction commands are allowed while resources are being collected.
	Transaction bool
}

// find gives the sub-command for a word: a name, else an alias, else the only name
// that begins with it.
func find(list []*Command, word string) (*Command, error) {
	for _, c := range list {
		if c.Name == word || slices.Contains(c.Aliases, word) {
			return c, nil
		}
	}
	var matches []*Command
	for _, c := range list {
		if !c.Hidden && word != "" && strings.HasPrefix(c.Name, word) {
			matches = append(matches, c)
		}
	}
	switch len(matches) {
	case 1:
		return matches[0], nil
	case 0:
		return nil, fmt.Errorf("invalid choice: '%s' (choose from %s)", word, choices(list))
	default:
		names := make([]string, len(matches))
		for i, m := range matches {
			names[i] = "'" + m.Name + "'"
		}
		return nil, fmt.Errorf("ambiguous choice: '%s' could be %s", word, strings.Join(names, ", "))
	}
}

func choices(list []*Command) string {
	var out []string
	for _, c := range list {
		if c.Hidden {
			continue
		}
		for _, n := range append([]string{c.Name}, c.Aliases...) {
			out = append(out, "'"+n+"'")
		}
	}
	return strings.Join(out, ", ")
}

// visible are the names that help texts show, sorted.
func visible(list []*Command) []*Command {
	var out []*Command
	for _, c := range list {
		if !c.Hidden {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *Command) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// groupUsage is the usage text of an object.
func groupUsage(prog string, list []*Command, width int) string {
	var names []string
	for _, c := range visible(list) {
		names = append(names, c.Name)
	}
	head := "usage: " + prog + " [-h]"
	if !strings.Contains(prog, " ") {
		head += " [global options]"
	}
	return head + "\n" + args.Wrap("{"+strings.Join(names, ", ")+"} ...", width-2, strings.Repeat(" ", 7)) + "\n"
}

// groupHelp is the help text of an object.
func groupHelp(prog string, c *Command, width int) string {
	var b strings.Builder
	b.WriteString(groupUsage(prog, c.Sub, width))
	if c.Short != "" {
		b.WriteString("\n" + args.Wrap(c.Short, width-2, "") + "\n")
	}
	b.WriteString("\ncommands:\n")
	for _, s := range visible(c.Sub) {
		b.WriteString("  " + label(s) + "\n")
		if s.Short != "" {
			b.WriteString(args.Wrap(s.Short, width-2, "        ") + "\n")
		}
	}
	return b.String()
}

// label is a command's name with its aliases.
func label(c *Command) string {
	if len(c.Aliases) == 0 {
		return c.Name
	}
	return c.Name + " (" + strings.Join(c.Aliases, ", ") + ")"
}
