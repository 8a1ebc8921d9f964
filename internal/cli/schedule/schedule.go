// Package schedule holds the commands of backup schedules.
package schedule

import (
	"context"
	"fmt"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// Command is the object schedule.
func Command() *cli.Command {
	return &cli.Command{Name: "schedule", Aliases: []string{"sched"}, Short: "Manages schedules of backups.",
		Sub: []*cli.Command{list(), byResource(), details(), create(), modify(), remove()}}
}

func optional(n *int32, none string) string {
	if n == nil || *n < 0 {
		return none
	}
	return fmt.Sprint(*n)
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the schedules.", Args: cli.Pastable,
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.ScheduleList, error) {
				return api.Schedules.List(ctx, o...)
			}, nil, func(l v1.ScheduleList) error {
				t := c.Table().Columns("Name", "Full", "Incremental", "KeepLocal", "KeepRemote", "OnFailure")
				for _, s := range l.Data {
					failure := s.OnFailure
					if failure == "RETRY" {
						failure += "(" + optional(s.MaxRetries, "forever") + ")"
					}
					t.Strings(s.ScheduleName, s.FullCron, s.IncCron, optional(s.KeepLocal, "all"), optional(s.KeepRemote, "all"), failure)
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func byResource() *cli.Command {
	return &cli.Command{
		Name: "list-by-resource", Aliases: []string{"lbr"}, Short: "Prints when which resource is backed up.",
		Args: func(s *args.Spec) {
			s.Opt("-r,--resource", "only this resource")
			s.Opt("-o,--remote", "only to this remote")
			s.Opt("-s,--schedule", "only by this schedule")
			s.Flag("-a,--active-only", "only what is planned")
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.ScheduledRscsList, error) {
				for dest, key := range map[string]string{"resource": "rsc", "remote": "remote", "schedule": "schedule"} {
					if v := c.V.Str(dest); v != "" {
						o = append(o, client.Query(key, v))
					}
				}
				if c.V.Bool("active-only") {
					o = append(o, client.Query("active-only", "True"))
				}
				return api.Schedules.ByResource(ctx, o...)
			}, nil, func(l v1.ScheduledRscsList) error {
				t := c.Table().Columns("Resource", "Remote", "Schedule", "Last", "Next", "Planned_Inc", "Planned_Full", "Reason")
				for _, s := range l.Data {
					t.Strings(s.RscName, s.RemoteName, s.ScheduleName, at(s.LastSnapTime, s.LastSnapInc), at(s.NextExecTime, s.NextExecInc),
						cli.Date(s.NextPlannedInc), cli.Date(s.NextPlannedFull), s.Reason)
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func at(ms int64, incremental bool) string {
	if ms <= 0 {
		return ""
	}
	if incremental {
		return cli.Date(ms) + " (Inc)"
	}
	return cli.Date(ms) + " (Full)"
}

func details() *cli.Command {
	return &cli.Command{
		Name: "list-by-resource-details", Aliases: []string{"lbd"}, Short: "Prints where the schedules of a resource are set.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			var raw []byte
			if _, err := api.Schedules.ByResourceDetails(ctx, c.V.Str("resource_name"), client.Raw(&raw)); err != nil {
				return err
			}
			return showDetails(c, raw)
		},
	}
}

// state is a level's cell: the first level that is set is the one that counts.
func state(v *bool, decided *bool) table.Cell {
	if v == nil {
		return table.Cell{}
	}
	cell := table.Text("Enabled")
	color := table.Lime
	if !*v {
		cell, color = table.Text("Disabled"), table.Red
	}
	if !*decided {
		cell.Color = color
	}
	*decided = true
	return cell
}

func keep(c *cli.Call, dest, word string) (*int32, error) {
	text := c.V.Str(dest)
	if text == "" {
		return nil, nil
	}
	if text == word {
		n := int32(-1)
		return &n, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return nil, cli.Usagef("Error: --%s: '%s' is not a number or '%s'", dest, text, word)
	}
	v := int32(n)
	return &v, nil
}

func scheduleArgs(s *args.Spec) {
	s.Opt("-i,--incremental-cron", "when to make incremental backups, as a cron expression")
	s.Opt("-l,--keep-local", "how many snapshots to keep here, or all")
	s.Opt("-r,--keep-remote", "how many backups to keep, or all")
	s.Opt("--on-failure", "what to do when a backup fails").Choose("RETRY", "SKIP").Fold()
	s.Opt("--max-retries", "how often to try again, or forever")
	s.Pos("schedule_name", "name of the schedule")
}

func read(c *cli.Call) (v1.ScheduleModify, error) {
	m := v1.ScheduleModify{IncCron: c.V.Str("incremental-cron"), OnFailure: c.V.Str("on-failure")}
	var err error
	if m.KeepLocal, err = keep(c, "keep-local", "all"); err != nil {
		return m, err
	}
	if m.KeepRemote, err = keep(c, "keep-remote", "all"); err != nil {
		return m, err
	}
	m.MaxRetries, err = keep(c, "max-retries", "forever")
	return m, err
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Makes a schedule.",
		Args: func(s *args.Spec) {
			scheduleArgs(s)
			s.Pos("full_cron", "when to make full backups, as a cron expression")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			m, err := read(c)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Schedules.Create(ctx, v1.Schedule{ScheduleName: c.V.Str("schedule_name"), FullCron: c.V.Str("full_cron"),
				IncCron: m.IncCron, KeepLocal: m.KeepLocal, KeepRemote: m.KeepRemote, OnFailure: m.OnFailure, MaxRetries: m.MaxRetries}, c.Opts()...))
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes a schedule.",
		Args: func(s *args.Spec) {
			s.Opt("-f,--full-cron", "when to make full backups, as a cron expression")
			scheduleArgs(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			m, err := read(c)
			if err != nil {
				return err
			}
			m.FullCron = c.V.Str("full-cron")
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Schedules.Modify(ctx, c.V.Str("schedule_name"), m, c.Opts()...))
		},
	}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a schedule.",
		Args: func(s *args.Spec) { s.Pos("schedule_name", "name of the schedule") },
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Schedules.Delete(ctx, c.V.Str("schedule_name"), c.Opts()...))
		},
	}
}
