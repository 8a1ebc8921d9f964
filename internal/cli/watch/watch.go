// Package watch holds the command that shows a list again whenever it changes. It
// polls, which every controller allows, and writes only when something changed.
package watch

import (
	"bytes"
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/node"
	"github.com/holdfast-storage/holdfast/internal/cli/resource"
)

// clearScreen moves the cursor home and clears what is below.
const clearScreen = "\x1b[H\x1b[2J"

// Command is the object watch.
func Command() *cli.Command {
	return &cli.Command{
		Name: "watch", Short: "Shows a list, and shows it again whenever it changes.",
		Sub: []*cli.Command{
			watched("resource", "r", "Watches the resource list.", resource.ListArgs, resource.List),
			watched("node", "n", "Watches the node list.", node.ListArgs, node.List),
		},
	}
}

func watched(name, alias, short string, declare func(*args.Spec), list func(context.Context, *cli.Call) error) *cli.Command {
	return &cli.Command{
		Name: name, Aliases: []string{alias}, Short: short,
		Args: func(s *args.Spec) {
			declare(s)
			s.Opt("--interval", "seconds between two looks").Range(1, 3600).Or("1")
			s.Opt("--count", "look so many times and end; 0 goes on until it is interrupted").Range(0, 1<<31-1).Or("0")
		},
		Run: func(ctx context.Context, c *cli.Call) error { return run(ctx, c, list) },
	}
}

func run(ctx context.Context, c *cli.Call, list func(context.Context, *cli.Call) error) error {
	out := c.Env.Out
	defer func() { c.Env.Out = out }()
	var last []byte
	for n := int64(1); ; n++ {
		var now bytes.Buffer
		c.Env.Out = &now
		err := list(ctx, c)
		c.Env.Out = out
		if ctx.Err() != nil {
			// Interrupting is how one ends it.
			return nil
		}
		if err != nil {
			return err
		}
		if n == 1 || !bytes.Equal(now.Bytes(), last) {
			if c.Env.OutTTY {
				c.Printf("%s", clearScreen)
			}
			c.Printf("%s", now.String())
			last = now.Bytes()
		}
		if limit := c.V.Int("count"); limit > 0 && n >= limit {
			return nil
		}
		c.Env.Sleep(time.Duration(c.V.Int("interval")) * time.Second)
	}
}
