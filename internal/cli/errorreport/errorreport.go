// Package errorreport holds the commands of error reports.
package errorreport

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object error-reports.
func Command() *cli.Command {
	return &cli.Command{Name: "error-reports", Aliases: []string{"err"}, Short: "Shows the errors that controller and satellites kept.",
		Sub: []*cli.Command{list(), show(), remove()}}
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the error reports.",
		Args: func(s *args.Spec) {
			s.Opt("-s,--since", "only those since so long ago, such as 1d10h or 3h")
			s.Opt("-t,--to", "only those up to the end of this day, YYYY-MM-DD")
			s.Opt("-n,--nodes", "only those of these nodes").Many()
			s.Opt("--report-id", "only these reports").Many()
			s.Flag("-f,--full", "add columns with the place and the version")
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			reports, raw, err := read(ctx, c)
			if err != nil {
				return err
			}
			if c.G.Machine {
				return c.PrintJSON(raw)
			}
			return showList(c, reports)
		},
	}
}

// read asks once per node, since the endpoint takes one.
func read(ctx context.Context, c *cli.Call) ([]v1.ErrorReport, []json.RawMessage, error) {
	opts := []client.Option{client.Query("withContent", "False")}
	if text := c.V.Str("since"); text != "" {
		since, err := cli.Since(text, c.Env.Now())
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, client.Query("since", strconv.FormatInt(since, 10)))
	}
	if text := c.V.Str("to"); text != "" {
		to, err := cli.EndOfDay(text)
		if err != nil {
			return nil, nil, err
		}
		opts = append(opts, client.Query("to", strconv.FormatInt(to, 10)))
	}
	api, err := c.API()
	if err != nil {
		return nil, nil, err
	}
	nodes := c.V.List("nodes")
	if len(nodes) == 0 {
		nodes = []string{""}
	}
	var reports []v1.ErrorReport
	raw := []json.RawMessage{}
	for _, n := range nodes {
		o := append([]client.Option{}, opts...)
		if n != "" {
			o = append(o, client.Query("node", n))
		}
		var text []byte
		list, err := api.ErrorReports.List(ctx, append(o, client.Raw(&text))...)
		if err != nil {
			return nil, nil, err
		}
		var raws []json.RawMessage
		if err := json.Unmarshal(text, &raws); err != nil {
			return nil, nil, fmt.Errorf("error reports: %w", err)
		}
		for i, r := range list {
			if ids := c.V.List("report-id"); len(ids) > 0 && !cli.HasFlag(ids, id(r)) {
				continue
			}
			reports, raw = append(reports, r), append(raw, raws[i])
		}
	}
	return reports, raw, nil
}

// id is the report's id: the file name without its frame.
func id(r v1.ErrorReport) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.Filename, "ErrorReport-"), ".log")
}

const maxException = 60

func exception(r v1.ErrorReport) string {
	if r.Exception == "" {
		return r.ExceptionMessage
	}
	msg := r.ExceptionMessage
	if runes := []rune(msg); len(runes) > maxException {
		msg = string(runes[:maxException-3]) + "..."
	}
	if msg == "" {
		return r.Exception
	}
	return r.Exception + ": " + msg
}

func showList(c *cli.Call, reports []v1.ErrorReport) error {
	t := c.Table().Columns("Id", "Datetime", "Node", "Exception")
	full := c.V.Bool("full")
	if full {
		t.Columns("Location", "Version")
	}
	for _, r := range reports {
		module := "S|"
		if strings.EqualFold(r.Module, "CONTROLLER") {
			module = "C|"
		}
		cells := []string{id(r), cli.Date(r.ErrorTime), module + r.NodeName, exception(r)}
		if full {
			place := ""
			if r.OriginFile != "" {
				place = fmt.Sprintf("%s:%d", r.OriginFile, r.OriginLine)
			}
			cells = append(cells, place, r.Version)
		}
		t.Strings(cells...)
	}
	return t.Render(c.Env.Out)
}

func show() *cli.Command {
	return &cli.Command{
		Name: "show", Aliases: []string{"s"}, Short: "Prints error reports.",
		Args: func(s *args.Spec) { s.Pos("report_id", "ids of the reports").Many() },
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			var all []v1.ErrorReport
			for _, name := range c.V.List("report_id") {
				r, err := api.ErrorReports.Get(ctx, name)
				if c.G.Curl {
					continue
				}
				if err != nil {
					return err
				}
				all = append(all, r)
				if !c.G.Machine {
					c.Printf("%s\n", r.Text)
				}
			}
			if c.G.Machine && !c.G.Curl {
				return c.PrintJSON(all)
			}
			return nil
		},
	}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes error reports.",
		Args: func(s *args.Spec) {
			s.Opt("--nodes", "only those of these nodes").Many()
			s.Opt("--since", "only those since so long ago or since a date")
			s.Opt("--to", "only those until so long ago or until a date")
			s.Opt("--exception", "only those with this exception")
			s.Pos("id", "ids of the reports").Any()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			d := v1.ErrorReportDelete{Nodes: c.V.List("nodes"), Exception: c.V.Str("exception")}
			for dest, dst := range map[string]*int64{"since": &d.Since, "to": &d.To} {
				if text := c.V.Str(dest); text != "" {
					ms, err := cli.SinceOrDate(text, c.Env.Now())
					if err != nil {
						return err
					}
					*dst = ms
				}
			}
			for _, name := range c.V.List("id") {
				d.IDs = append(d.IDs, strings.TrimSuffix(strings.TrimPrefix(name, "ErrorReport-"), ".log"))
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ErrorReports.Delete(ctx, d, c.Opts()...))
		},
	}
}
