package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// session is the state of an interactive session.
type session struct {
	active bool
	client *client.Client
	// collecting is true between create-transactional begin and commit.
	collecting       bool
	terminateOnError bool
	queue            []Queued
	left             bool
}

// Queued is a resource that waits for create-transactional commit.
type Queued struct {
	Resource string
	Create   v1.ResourceCreate
}

// Begin starts to collect resources.
func (c *Call) Begin(terminateOnError bool) error {
	if !c.App.session.active {
		return Exitf(ExitIllegalState, "Error: Transactions are only possible in interactive mode")
	}
	c.App.session.collecting, c.App.session.terminateOnError = true, terminateOnError
	return nil
}

// Collecting tells whether resources are being collected.
func (c *Call) Collecting() bool { return c.App.session.collecting }

// Enqueue adds resources to the transaction.
func (c *Call) Enqueue(list ...Queued) {
	c.App.session.queue = append(c.App.session.queue, list...)
}

// End ends the transaction and gives what was collected.
func (c *Call) End() ([]Queued, error) {
	s := &c.App.session
	if !s.collecting {
		return nil, Exitf(ExitIllegalState, "Error: There is no transaction; begin one with 'resource create-transactional begin' in interactive mode")
	}
	list := s.queue
	s.queue, s.collecting = nil, false
	return list, nil
}

// Leave ends the interactive session, or the transaction in it.
func (c *Call) Leave() {
	if c.App.session.collecting {
		c.App.session.collecting, c.App.session.queue = false, nil
		return
	}
	c.App.session.left = true
}

// Interactive reads commands until the input ends.
func (c *Call) Interactive(ctx context.Context) error {
	a := c.App
	if a.session.active {
		return nil
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	if !c.G.Curl {
		if _, err := api.Controller.Version(ctx); err != nil {
			return err
		}
	}
	a.session = session{active: true, client: api}
	defer func() { a.session = session{} }()
	fmt.Fprint(c.Env.Out, a.Commandlist(false))
	in := bufio.NewScanner(c.Env.In)
	for !a.session.left {
		c.Printf("%s", c.prompt(api))
		if !in.Scan() {
			c.Printf("\n")
			if err := in.Err(); err != nil {
				return fmt.Errorf("read input: %w", err)
			}
			if !a.session.collecting {
				break
			}
			c.Leave()
			break
		}
		words := strings.Fields(in.Text())
		if len(words) > 0 && (words[0] == "linstor" || words[0] == a.Prog) {
			words = words[1:]
		}
		if len(words) == 0 {
			continue
		}
		code := a.execute(ctx, words, c.values, c.conf)
		if code == ExitConnection {
			return &Exit{Code: code}
		}
		if code != ExitOK && a.session.collecting && a.session.terminateOnError {
			a.session.collecting, a.session.queue = false, nil
			fmt.Fprintln(c.Env.Err, "The transaction was dropped because of the error.")
		}
	}
	return nil
}

func (c *Call) prompt(api *client.Client) string {
	name := "LINSTOR"
	if c.App.session.collecting {
		name = "Resource Creation Transaction"
	}
	if c.G.Verbose {
		name += "(" + api.Endpoint().String() + ")"
	}
	return name + " ==> "
}

// Commandlist is the overview that list-commands prints.
func (a *App) Commandlist(tree bool) string {
	var b strings.Builder
	b.WriteString("Use \"help <command>\" to get help for a specific command.\n\nAvailable commands:\n")
	writeCommands(&b, a.Commands, 0, tree)
	return b.String()
}

func writeCommands(b *strings.Builder, list []*Command, depth int, tree bool) {
	for _, c := range visible(list) {
		fmt.Fprintf(b, "%s- %s\n", strings.Repeat("  ", depth), label(c))
		if tree {
			writeCommands(b, c.Sub, depth+1, tree)
		}
	}
}

// Help shows the help of a command path.
func (c *Call) Help(path []string) error {
	if len(path) == 0 {
		fmt.Fprint(c.Env.Out, c.App.help())
		return nil
	}
	cmd, full, rest, err := c.App.resolve(path)
	if err != nil {
		return err
	}
	prog := c.App.Prog + " " + strings.Join(full, " ")
	if len(rest) > 0 {
		return &args.Error{Prog: prog, Msg: "unrecognized arguments: " + strings.Join(rest, " ")}
	}
	if cmd.Run == nil {
		fmt.Fprint(c.Env.Out, groupHelp(prog, cmd, c.Env.Width))
		return nil
	}
	s := &args.Spec{Prog: prog, Description: cmd.Short}
	if cmd.Args != nil {
		cmd.Args(s)
	}
	fmt.Fprint(c.Env.Out, s.Help(c.Env.Width))
	return nil
}
