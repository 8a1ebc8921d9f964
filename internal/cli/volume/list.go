package volume

import (
	"context"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// List is the command that prints volumes; resource list-volumes is the same.
func List(name, alias string, fromFile bool) *cli.Command {
	return &cli.Command{
		Name: name, Aliases: []string{alias}, Short: "Prints the volumes of all resources.",
		Args: func(s *args.Spec) {
			s.Opt("-n,--nodes", "only on these nodes").Many()
			s.Opt("-s,--storage-pools", "only in these storage pools").Many()
			s.Opt("-r,--resources", "only of these resources").Many()
			s.Flag("-a,--all", "kept for old scripts: everything is shown")
			s.Flag("--hide-replication-states,--hrep", "leave the Repl column out")
			cli.ShowProps(s, "--show-props")
			cli.Pastable(s)
			if fromFile {
				cli.FromFile(s)
			}
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ResourceWithVolumes, error) {
				return api.Resources.View(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...),
					client.Filter("storage_pools", c.V.List("storage-pools")...), client.Filter("resources", c.V.List("resources")...))...)
			}, Legacy, func(list []v1.ResourceWithVolumes) error { return show(c, list) })
		},
	}
}

func show(c *cli.Call, list []v1.ResourceWithVolumes) error {
	t := c.Table().Columns("Resource", "Node", "StoragePool").Right("VolNr", "MinorNr").Columns("DeviceName").
		Right("Allocated").Columns("InUse").Right("State")
	repl := !c.V.Bool("hide-replication-states")
	if repl {
		t.Columns("Repl")
	}
	c.PropColumns(t)
	var reports []v1.ApiCallRc
	hint, primaries := false, Primaries(list)
	for _, r := range list {
		if cli.HasFlag(r.Flags, "INACTIVE") && !cli.HasFlag(r.Flags, "EVICTED") {
			continue
		}
		hint = hint || SkipDisk(r) != ""
		for _, v := range r.Volumes {
			t.Row(append(row(r, v, Usage(r, primaries), repl), c.PropCells(v.Props)...)...)
			reports = append(reports, v.Reports...)
		}
	}
	if err := t.Render(c.Env.Out); err != nil {
		return err
	}
	if hint {
		SkipDiskHint(c)
	}
	for _, rc := range reports {
		c.ShowReply(rc)
	}
	return nil
}

func row(r v1.ResourceWithVolumes, v v1.Volume, usage table.Cell, repl bool) []table.Cell {
	cells := []table.Cell{
		table.Text(r.Name), table.Text(r.NodeName), table.Text(v.StoragePoolName), table.Text(cli.IntList([]int32{v.VolumeNumber}, "")),
		table.Text(minor(v)), table.Text(v.DevicePath), table.Text(allocated(v)), usage, stateCell(r, v),
	}
	if repl {
		cells = append(cells, replication(v))
	}
	return cells
}

// allocated is empty where nothing is known or nothing is allocated.
func allocated(v v1.Volume) string {
	if v.AllocatedSizeKiB == nil || *v.AllocatedSizeKiB == 0 {
		return ""
	}
	return cli.FormatSize(*v.AllocatedSizeKiB)
}

// Primaries counts the nodes that use a resource, by its name in lower case.
func Primaries(list []v1.ResourceWithVolumes) map[string]int {
	out := map[string]int{}
	for _, r := range list {
		if r.State != nil && r.State.InUse != nil && *r.State.InUse {
			out[strings.ToLower(r.Name)]++
		}
	}
	return out
}

// Usage tells whether a resource is in use on its node; it stands out where more nodes
// use it than one.
func Usage(r v1.ResourceWithVolumes, primaries map[string]int) table.Cell {
	switch {
	case r.State == nil || r.State.InUse == nil:
		return table.Cell{}
	case !*r.State.InUse:
		return table.Text("Unused")
	case primaries[strings.ToLower(r.Name)] > 1:
		return table.Colored("InUse", table.Yellow)
	}
	return table.Colored("InUse", table.Lime)
}

func stateCell(r v1.ResourceWithVolumes, v v1.Volume) table.Cell {
	if slices.ContainsFunc(v.Reports, func(rc v1.ApiCallRc) bool { return rc.RetCode.IsError() }) {
		return table.Colored("Error", table.Red)
	}
	text, color := State(r, v)
	if cli.HasFlag(r.Flags, "INACTIVE") {
		text, color = "INACTIVE", table.Yellow
	}
	if suffix := SkipDisk(r); suffix != "" {
		text += suffix
		if color != table.Red {
			color = table.Yellow
		}
	}
	if len(Failed(r)) > 0 {
		color = table.Red
	}
	return table.Colored(text, color)
}
