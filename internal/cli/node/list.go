package node

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func list() *cli.Command {
	return &cli.Command{Name: "list", Aliases: []string{"l"}, Short: "Prints the nodes of the cluster.", Args: ListArgs, Run: List}
}

// ListArgs declares the options of List.
func ListArgs(s *args.Spec) {
	cli.GroupBy(s, "node", "nodetype", "addresses", "state")
	s.Opt("-n,--nodes", "only these nodes").Many()
	s.Flag("--show-aux-props", "add a column with the Aux properties")
	cli.Props(s)
	cli.ShowProps(s, "-s,--show-props")
	cli.Pastable(s)
	cli.FromFile(s)
}

// List prints the nodes; watch uses it too.
func List(ctx context.Context, c *cli.Call) error {
	return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.Node, error) {
		return api.Nodes.List(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...), client.Filter("props", c.V.List("props")...))...)
	}, legacy, func(nodes []v1.Node) error { return show(c, nodes) })
}

func show(c *cli.Call, nodes []v1.Node) error {
	t := c.Table().Columns("Node", "NodeType", "Addresses")
	aux := c.V.Bool("show-aux-props")
	if aux {
		t.Columns("AuxProps")
	}
	t.Columns("State")
	c.PropColumns(t)
	hint := false
	for _, n := range nodes {
		cells := []table.Cell{table.Text(n.Name), table.Text(strings.ToUpper(n.Type)), table.Text(address(n))}
		if aux {
			cells = append(cells, table.Text(auxProps(n.Props)))
		}
		st, evicting := state(n)
		hint = hint || evicting
		t.Row(append(append(cells, st), c.PropCells(n.Props)...)...)
	}
	if err := t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out); err != nil {
		return err
	}
	if hint {
		c.Printf("The properties DrbdOptions/AutoEvict* of the controller or of a node decide whether and when its resources are moved away\n"+
			"('%[1]s controller set-property', '%[1]s node set-property').\n", c.Prog())
	}
	return nil
}

func address(n v1.Node) string {
	for _, i := range n.NetInterfaces {
		if i.IsActive != nil && *i.IsActive && i.SatellitePort != nil {
			return fmt.Sprintf("%s:%d (%s)", i.Address, *i.SatellitePort, i.SatelliteEncryptionType)
		}
	}
	return ""
}

func auxProps(props map[string]string) string {
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(props)) {
		if strings.HasPrefix(k, "Aux/") {
			lines = append(lines, k+"="+props[k])
		}
	}
	return strings.Join(lines, "\n")
}

// state is the state cell, and whether the hint about eviction is due.
func state(n v1.Node) (table.Cell, bool) {
	text, color := connectionText(n.ConnectionStatus)
	offline := strings.EqualFold(n.ConnectionStatus, "OFFLINE")
	switch {
	case cli.HasFlag(n.Flags, "EVICTED"):
		return table.Colored("EVICTED", table.Red), false
	case cli.HasFlag(n.Flags, "DELETE"):
		text, color = "DELETE", table.Red
	case cli.HasFlag(n.Flags, "EVACUATE"):
		text, color = "EVACUATE", table.Yellow
	}
	if !offline {
		return table.Colored(text, color), false
	}
	if n.EvictionTimestamp > 0 {
		return table.Colored(text+" (Auto-eviction at "+cli.Date(n.EvictionTimestamp)+")", color), true
	}
	return table.Colored(text+" (Auto-eviction at Disabled)", color), true
}

// connectionText is how a connection status is shown. A status that is not known here
// is shown as it is: a newer controller may have it.
func connectionText(status string) (string, table.Color) {
	switch s := strings.ToUpper(status); s {
	case "ONLINE":
		return "Online", table.Lime
	case "CONNECTED":
		return "Connected", table.Yellow
	case "AUTHENTICATED":
		return "Authenticated", table.Yellow
	case "", "UNKNOWN":
		return "Unknown", table.Yellow
	case "OFFLINE":
		return "OFFLINE", table.Red
	case "NO_STLT_CONN":
		return "OFFLINE(NO CONNECTION TO SATELLITE)", table.Red
	case "OTHER_CONTROLLER":
		return "OFFLINE(OTHER_CONTROLLER)", table.Red
	default:
		return "OFFLINE(" + strings.ReplaceAll(s, "_", " ") + ")", table.Red
	}
}
