package resource

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
	"github.com/holdfast-storage/holdfast/internal/cli/volume"
)

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the resources of all nodes.",
		Args: ListArgs, Run: List,
	}
}

// ListArgs declares the options of List.
func ListArgs(s *args.Spec) {
	cli.GroupBy(s, "resourcename", "node", "layers", "usage", "conns", "state", "createdon")
	s.Opt("-r,--resources", "only these resources").Many()
	s.Opt("-n,--nodes", "only on these nodes").Many()
	s.Flag("-a,--all", "kept for old scripts: everything is shown")
	s.Flag("--faulty", "only resources that are not in order")
	cli.Props(s)
	cli.ShowProps(s, "-s,--show-props")
	s.Flag("--show-drbd-ports", "add a column with the DRBD ports")
	cli.Pastable(s)
	cli.FromFile(s)
}

// List prints the resources; watch uses it too.
func List(ctx context.Context, c *cli.Call) error {
	return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ResourceWithVolumes, error) {
		return api.Resources.View(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...),
			client.Filter("resources", c.V.List("resources")...), client.Filter("props", c.V.List("props")...))...)
	}, volume.Legacy, func(list []v1.ResourceWithVolumes) error { return show(c, list) })
}

func show(c *cli.Call, list []v1.ResourceWithVolumes) error {
	ports := c.V.Bool("show-drbd-ports")
	t := c.Table().Columns("ResourceName", "Node")
	if ports {
		t.Columns("DRBD_Ports")
	}
	t.Columns("Layers", "Usage", "Conns").Right("State").Columns("CreatedOn")
	c.PropColumns(t)
	hint, primaries := false, volume.Primaries(list)
	for _, r := range list {
		state := stateCell(r)
		conns := connections(r, state)
		if conns.Color == table.Red {
			state.Color = table.Red
		}
		if c.V.Bool("faulty") && state.Color == table.Green {
			continue
		}
		hint = hint || volume.SkipDisk(r) != ""
		cells := []table.Cell{table.Text(r.Name), table.Text(r.NodeName)}
		if ports {
			cells = append(cells, table.Text(drbdPorts(r)))
		}
		cells = append(cells, table.Text(strings.Join(volume.Layers(r), ",")), usage(r, primaries),
			conns, state, table.Text(cli.Date(r.CreateTimestamp)))
		t.Row(append(cells, c.PropCells(r.Props)...)...)
	}
	if err := t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out); err != nil {
		return err
	}
	if hint {
		volume.SkipDiskHint(c)
	}
	return nil
}

// usage says nothing of what is going away or not up.
func usage(r v1.ResourceWithVolumes, primaries map[string]int) table.Cell {
	if cli.HasFlag(r.Flags, "INACTIVE") || deleting(r) {
		return table.Cell{}
	}
	return volume.Usage(r, primaries)
}

func deleting(r v1.ResourceWithVolumes) bool {
	return cli.HasFlag(r.Flags, "DELETE") || cli.HasFlag(r.Flags, "DRBD_DELETE")
}

func connections(r v1.ResourceWithVolumes, state table.Cell) table.Cell {
	failed := volume.Failed(r)
	if len(failed) == 0 {
		if strings.HasPrefix(state.Text, "Unknown") {
			return table.Cell{}
		}
		return table.Colored("Ok", table.Green)
	}
	// The state of the first peer comes first.
	first := func(a, b string) int { return table.Natural(failed[a][0], failed[b][0]) }
	var parts []string
	for _, st := range slices.SortedFunc(maps.Keys(failed), first) {
		parts = append(parts, st+"("+strings.Join(failed[st], ",")+")")
	}
	return table.Colored(strings.Join(parts, ","), table.Red)
}

// stateCell is the worst volume state, or that there is an error, unless the whole resource has one.
func stateCell(r v1.ResourceWithVolumes) table.Cell {
	text, color := "", table.None
	switch {
	case deleting(r):
		return table.Colored("DELETING", table.Red)
	case cli.HasFlag(r.Flags, "INACTIVE"):
		return table.Colored("INACTIVE", table.Yellow)
	case len(r.Volumes) == 0 && r.State == nil:
		text, color = "Unknown", table.Yellow
	case len(r.Volumes) == 0:
		text, color = "Created", table.Green
	}
	for _, v := range r.Volumes {
		if s, col := volume.State(r, v); rank(col) > rank(color) {
			text, color = s, col
		}
	}
	if rank(color) < rank(table.Red) && slices.ContainsFunc(r.Volumes, func(v v1.Volume) bool { return v1.HasError(v.Reports) }) {
		text, color = "Error", table.Red
	}
	if cli.HasFlag(r.Flags, "EVACUATE") {
		text += ", Evacuating"
	}
	if suffix := volume.SkipDisk(r); suffix != "" {
		text += suffix
		if color != table.Red {
			color = table.Yellow
		}
	}
	return table.Colored(text, color)
}

func rank(c table.Color) int {
	switch c {
	case table.None:
		return 0
	case table.Green:
		return 1
	case table.Yellow:
		return 2
	default:
		return 3
	}
}

func drbdPorts(r v1.ResourceWithVolumes) string {
	if r.LayerObject == nil || r.LayerObject.DRBD == nil {
		return ""
	}
	return cli.IntList(r.LayerObject.DRBD.TCPPorts, ", ")
}
