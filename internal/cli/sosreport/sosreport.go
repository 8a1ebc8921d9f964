// Package sosreport holds the commands that collect logs and state for support,
// and the space report.
package sosreport

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object sos-report.
func Command() *cli.Command {
	return &cli.Command{Name: "sos-report", Aliases: []string{"sos"}, Short: "Collects logs and state for support.",
		Sub: []*cli.Command{
			{Name: "create", Aliases: []string{"c"}, Short: "Writes a report on the controller.", Args: reportArgs, Run: create},
			{Name: "download", Aliases: []string{"dl"}, Short: "Fetches a report.", Args: func(s *args.Spec) {
				reportArgs(s)
				s.Pos("path", "file or folder to write to").Maybe()
			}, Run: download},
		}}
}

// SpaceCommand is the object space-reporting.
func SpaceCommand() *cli.Command {
	return &cli.Command{Name: "space-reporting", Aliases: []string{"spr"}, Short: "Reports used space.",
		Sub: []*cli.Command{{
			Name: "query", Aliases: []string{"qry"}, Short: "Prints the space report.", Args: cli.FromFile,
			Run: func(ctx context.Context, c *cli.Call) error {
				return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) (client.SpaceReport, error) {
					return api.Controller.SpaceReport(ctx, o...)
				}, nil, func(r client.SpaceReport) error {
					c.Printf("%s\n", r.ReportText)
					return nil
				})
			},
		}}}
}

func reportArgs(s *args.Spec) {
	s.Opt("-s,--since", "only logs since so long ago, such as 1d10h or 3h")
	s.Opt("-n,--nodes", "only these nodes").Many()
	s.Opt("-r,--resources", "only nodes with these resources").Many()
	s.Opt("-e,--exclude-nodes", "not these nodes").Many()
	s.Flag("--no-controller", "nothing of the controller")
}

func options(c *cli.Call) ([]client.Option, error) {
	opts := []client.Option{client.Filter("nodes", c.V.List("nodes")...), client.Filter("rscs", c.V.List("resources")...),
		client.Filter("exclude", c.V.List("exclude-nodes")...)}
	if text := c.V.Str("since"); text != "" {
		since, err := cli.Since(text, c.Env.Now())
		if err != nil {
			return nil, err
		}
		opts = append(opts, client.Query("since", strconv.FormatInt(since, 10)))
	}
	if c.V.Bool("no-controller") {
		opts = append(opts, client.Query("include-ctrl", "false"))
	}
	return opts, nil
}

func create(ctx context.Context, c *cli.Call) error {
	opts, err := options(c)
	if err != nil {
		return err
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.Controller.SosReport(ctx, opts...))
}

const defaultName = "sos-report.tar.gz"

func download(ctx context.Context, c *cli.Call) error {
	opts, err := options(c)
	if err != nil {
		return err
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	content, name, err := api.Controller.DownloadSosReport(ctx, opts...)
	if err != nil {
		return err
	}
	if name = filepath.Base(name); name == "." || name == "/" {
		name = defaultName
	}
	if path := c.V.Str("path"); path != "" {
		if st, err := os.Stat(path); err == nil && st.IsDir() {
			name = filepath.Join(path, name)
		} else {
			name = path
		}
	}
	// The report may hold what others must not read.
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	c.Printf("File saved to: %s\n", name)
	return nil
}
