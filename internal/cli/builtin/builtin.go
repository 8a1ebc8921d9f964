// Package builtin holds the commands about the program itself: help, the list of
// commands and the interactive mode.
package builtin

import (
	"context"

	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Commands are help, list-commands, interactive and exit.
func Commands() []*cli.Command {
	return []*cli.Command{
		{
			Name: "interactive", Short: "Reads commands line by line.",
			Run: func(ctx context.Context, c *cli.Call) error { return c.Interactive(ctx) },
		},
		{
			Name: "help", Short: "Prints the help of a command.", Transaction: true,
			Args: func(s *args.Spec) { s.Pos("command", "the command").Any() },
			Run:  func(_ context.Context, c *cli.Call) error { return c.Help(c.V.List("command")) },
		},
		{
			Name: "list-commands", Aliases: []string{"commands", "list"}, Short: "Prints all commands.", Transaction: true,
			Args: func(s *args.Spec) { s.Flag("-t,--tree", "with sub-commands") },
			Run: func(_ context.Context, c *cli.Call) error {
				c.Printf("%s", c.App.Commandlist(c.V.Bool("tree")))
				return nil
			},
		},
		{
			Name: "exit", Aliases: []string{"quit"}, Short: "Ends the interactive mode.", Hidden: true, Transaction: true,
			Run: func(_ context.Context, c *cli.Call) error { c.Leave(); return nil },
		},
	}
}
