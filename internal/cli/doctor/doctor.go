// Package doctor holds the command that tells what is wrong with replicated resources
// whose nodes have fallen out with each other, and joins them again. It shows what
// the controller says and decides nothing itself.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the command doctor.
func Command() *cli.Command {
	return &cli.Command{
		Name: "doctor", Short: "Tells what is wrong with replicated resources, and mends split brains.",
		Args: func(s *args.Spec) {
			s.Opt("--survivor", "keep the data of this node; the nodes that have diverged from it take it over")
			s.Flag("--without-snapshot", "take no snapshot of what is given up, and accept that it cannot be brought back")
			s.Flag("--reconnect", "join the nodes again where nothing can get lost")
			s.Pos("resource", "name of the resource (default: all)").Any()
		},
		Run: run,
	}
}

func run(ctx context.Context, c *cli.Call) error {
	names := c.V.List("resource")
	order := v1.DoctorOrder{Survivor: c.V.Str("survivor"), WithoutSnapshot: c.V.Bool("without-snapshot"), Reconnect: c.V.Bool("reconnect")}
	if order == (v1.DoctorOrder{}) {
		return look(ctx, c, names)
	}
	if len(names) != 1 {
		return errors.New("name the one resource whose nodes are to be joined")
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.Doctor.Order(ctx, names[0], order, c.Opts()...))
}

func look(ctx context.Context, c *cli.Call, names []string) error {
	return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) ([]v1.Diagnosis, error) {
		if len(names) != 1 {
			return api.Doctor.List(ctx, append(o, client.Filter("resources", names...))...)
		}
		one, err := api.Doctor.Get(ctx, names[0], o...)
		return []v1.Diagnosis{one}, err
	}, nil, func(list []v1.Diagnosis) error {
		well := 0
		for _, d := range list {
			if d.Healthy {
				well++
				continue
			}
			show(c, d)
		}
		switch {
		case len(list) == 1 && well == 1:
			c.Printf("%s: all is well.\n", list[0].ResourceName)
		case well == len(list):
			c.Printf("All is well: %d replicated resources.\n", well)
		case well > 0:
			c.Printf("All is well with the other %d.\n", well)
		}
		return nil
	})
}

// action says what a safe action does, and why it is safe.
func action(a v1.DoctorAction) string {
	switch a.Kind {
	case v1.DoctorTrust:
		return fmt.Sprintf("let %s call its data up to date: %s.", a.Node, a.Why)
	case v1.DoctorRestart:
		return fmt.Sprintf("let %s begin anew and connect it to %s: %s.", a.Node, a.Peer, a.Why)
	}
	return fmt.Sprintf("connect %s and %s again: %s.", a.Node, a.Peer, a.Why)
}

// show writes the diagnosis of one resource in sentences.
func show(c *cli.Call, d v1.Diagnosis) {
	c.Printf("%s:\n", d.ResourceName)
	for _, f := range d.Findings {
		text := "[" + f.Kind + "] " + f.Words
		if f.Since > 0 {
			text += " Seen since " + time.UnixMilli(f.Since).Local().Format(time.DateTime) + "."
		}
		if f.OutOfSyncKiB != nil {
			text += fmt.Sprintf(" Out of sync: %d KiB.", *f.OutOfSyncKiB)
		}
		para(c, "  ", text)
	}
	if len(d.SafeActions) > 0 {
		head := "What can be done without loss (holdfast doctor " + d.ResourceName + " --reconnect):"
		if d.AutoHeal {
			head = "What Holdfast does by itself:"
		}
		para(c, "  ", head)
		for _, a := range d.SafeActions {
			para(c, "    ", action(a))
		}
	}
	for _, p := range d.Pending {
		text := "You have chosen: " + p.Node + " takes over the data of " + strings.Join(p.Survivors, " and ") +
			" once its own is kept in snapshot " + p.Snapshot + "."
		if p.Waits != "" {
			text += " Waits: " + strings.TrimSuffix(p.Waits, ".") + "."
		}
		para(c, "  ", strings.TrimSpace(text+" "+p.Correction))
	}
	if len(d.Choices) > 0 {
		para(c, "  ", "What you have to choose:")
	}
	for _, ch := range d.Choices {
		head := "keep the data of " + ch.Survivor
		if len(ch.SameData) > 0 {
			head += ", which " + strings.Join(ch.SameData, ", ") + " has too"
		}
		para(c, "    ", head+": "+ch.Loss)
		if len(ch.NoSnapshot) > 0 {
			para(c, "    ", strings.Join(ch.NoSnapshot, " ")+" Save what you need first.")
		} else if len(ch.Losers) > 0 {
			para(c, "    ", "A snapshot of "+strings.Join(ch.Losers, " and ")+" is taken first.")
		}
		// Commands stay in one line, to be copied.
		c.Printf("      %s\n", ch.Command)
	}
}

func para(c *cli.Call, indent, text string) {
	c.Printf("%s\n", args.Wrap(text, max(40, c.Env.Width), indent))
}
