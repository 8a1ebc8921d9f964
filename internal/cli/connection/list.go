package connection

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func listNodes() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the node connections that have properties.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "node a", "node b", "properties")
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
			s.Pos("node_name_a", "only connections of this node").Maybe()
			s.Pos("node_name_b", "and of this one").Maybe()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.NodeConnection, error) {
				for _, p := range [][2]string{{"node_name_a", "node_a"}, {"node_name_b", "node_b"}} {
					if v := c.V.Str(p[0]); v != "" {
						o = append(o, client.Query(p[1], v))
					}
				}
				return api.Connections.Nodes(ctx, o...)
			}, nil, func(list []v1.NodeConnection) error {
				t := c.Table().Columns("Node_A", "Node_B", "Properties")
				c.PropColumns(t)
				for _, n := range list {
					cells := []table.Cell{table.Text(n.NodeA), table.Text(n.NodeB), table.Text(propsText(n.Props))}
					t.Row(append(cells, c.PropCells(n.Props)...)...)
				}
				return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
			})
		},
	}
}

// ResourceCommand is the object resource-connection.
func ResourceCommand() *cli.Command {
	k := kind{
		resource: "resource_name",
		modify: func(ctx context.Context, c *cli.Call, api *client.Client, a, b string, p patch) (*client.Reply, error) {
			return api.Connections.ModifyResource(ctx, c.V.Str("resource_name"), a, b, v1.ResourceConnectionModify{
				OverrideProps: p.Override, DeleteProps: p.Delete, DeleteNamespaces: p.namespaces}, c.Opts()...)
		},
		props: resourceProps,
	}
	return &cli.Command{Name: "resource-connection", Aliases: []string{"rc"}, Short: "Manages the connections between the replicas of a resource.",
		Sub: append([]*cli.Command{listResources()}, k.commands()...)}
}

func resourceProps(ctx context.Context, c *cli.Call, a, b string) (map[string]string, error) {
	api, err := c.API()
	if err != nil {
		return nil, err
	}
	list, err := api.Connections.Resources(ctx, c.V.Str("resource_name"))
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if samePair(r.NodeA, r.NodeB, a, b) {
			return r.Props, nil
		}
	}
	return map[string]string{}, nil
}

func listResources() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the connections of a resource.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "source", "target", "properties", "port")
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ResourceConnection, error) {
				return api.Connections.Resources(ctx, c.V.Str("resource_name"), o...)
			}, nil, func(list []v1.ResourceConnection) error {
				t := c.Table().Columns("Source", "Target", "Properties", "Port")
				c.PropColumns(t)
				for _, r := range list {
					port := ""
					if r.Port > 0 {
						port = fmt.Sprint(r.Port)
					}
					cells := []table.Cell{table.Text(r.NodeA), table.Text(r.NodeB), table.Text(propsText(r.Props)), table.Text(port)}
					t.Row(append(cells, c.PropCells(r.Props)...)...)
				}
				return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
			})
		},
	}
}
