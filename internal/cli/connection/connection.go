// Package connection holds the commands of node connections and resource
// connections, which have the same verbs.
package connection

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// patch is a change of connection properties.
type patch struct {
	cli.PropsPatch
	namespaces []string
}

// kind is what differs between the two objects.
type kind struct {
	// resource is the positional with the resource, "" for node connections.
	resource string
	modify   func(ctx context.Context, c *cli.Call, api *client.Client, nodeA, nodeB string, p patch) (*client.Reply, error)
	props    func(ctx context.Context, c *cli.Call, nodeA, nodeB string) (map[string]string, error)
}

func (k kind) object(nodeA, nodeB string) []cli.Positional {
	list := []cli.Positional{cli.Pos(nodeA, "first node"), cli.Pos(nodeB, "second node")}
	if k.resource != "" {
		list = append(list, cli.Pos(k.resource, "name of the resource"))
	}
	return list
}

func (k kind) commands() []*cli.Command {
	change := func(a, b string) func(context.Context, *cli.Call, *client.Client, cli.PropsPatch) (*client.Reply, error) {
		return func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return k.modify(ctx, c, api, c.V.Str(a), c.V.Str(b), patch{PropsPatch: p})
		}
	}
	return []*cli.Command{
		cli.ListProperties(k.object("node_name_a", "node_name_b"), false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
			return k.props(ctx, c, c.V.Str("node_name_a"), c.V.Str("node_name_b"))
		}),
		cli.SetProperty(k.object("node_name_a", "node_name_b"), change("node_name_a", "node_name_b")),
		cli.DRBDOptions("drbd-peer-options", "popt", k.object("node_a", "node_b"),
			[]cli.Section{cli.SectionPeer, cli.SectionNet}, change("node_a", "node_b")),
		k.paths(),
	}
}

func (k kind) paths() *cli.Command {
	object := func(s *args.Spec) {
		for _, p := range k.object("node_a", "node_b") {
			s.Pos(p.Name, p.Help)
		}
	}
	create := &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Adds a path over given network interfaces.",
		Args: func(s *args.Spec) {
			object(s)
			s.Pos("path_name", "name of the path")
			s.Pos("netinterface_a", "interface of the first node")
			s.Pos("netinterface_b", "interface of the second node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			a, b, ns := c.V.Str("node_a"), c.V.Str("node_b"), "Paths/"+c.V.Str("path_name")+"/"
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(k.modify(ctx, c, api, a, b, patch{PropsPatch: cli.PropsPatch{Override: map[string]string{
				ns + a: c.V.Str("netinterface_a"), ns + b: c.V.Str("netinterface_b")}}}))
		},
	}
	remove := &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a path.",
		Args: func(s *args.Spec) {
			object(s)
			s.Pos("path_name", "name of the path")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(k.modify(ctx, c, api, c.V.Str("node_a"), c.V.Str("node_b"),
				patch{namespaces: []string{"Paths/" + c.V.Str("path_name")}}))
		},
	}
	list := &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the paths.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			object(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			props, err := k.props(ctx, c, c.V.Str("node_a"), c.V.Str("node_b"))
			if err != nil {
				return err
			}
			maps.DeleteFunc(props, func(key, _ string) bool { return !strings.HasPrefix(key, "Paths/") })
			return c.ShowProps(props)
		},
	}
	return &cli.Command{Name: "path", Aliases: []string{"p"}, Short: "Manages the network paths of a connection.",
		Sub: []*cli.Command{create, remove, list}}
}

const maxProps = 30

// propsText is a short form of properties for a list.
func propsText(props map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(props)) {
		parts = append(parts, k[strings.LastIndexByte(k, '/')+1:]+"="+props[k])
	}
	text := strings.Join(parts, ",")
	if len(text) > maxProps {
		return text[:maxProps] + "..."
	}
	return text
}

// NodeCommand is the object node-connection.
func NodeCommand() *cli.Command {
	k := kind{
		modify: func(ctx context.Context, c *cli.Call, api *client.Client, a, b string, p patch) (*client.Reply, error) {
			return api.Connections.ModifyNodes(ctx, a, b, v1.NodeConnectionModify{OverrideProps: p.Override, DeleteProps: p.Delete,
				DeleteNamespaces: p.namespaces}, c.Opts()...)
		},
		props: nodeProps,
	}
	return &cli.Command{Name: "node-connection", Aliases: []string{"nc"}, Short: "Manages the connections between nodes.",
		Sub: append([]*cli.Command{listNodes()}, k.commands()...)}
}

func nodeProps(ctx context.Context, c *cli.Call, a, b string) (map[string]string, error) {
	api, err := c.API()
	if err != nil {
		return nil, err
	}
	list, err := api.Connections.Nodes(ctx, client.Query("node_a", a), client.Query("node_b", b))
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		if samePair(n.NodeA, n.NodeB, a, b) {
			return n.Props, nil
		}
	}
	return map[string]string{}, nil
}

func samePair(a, b, x, y string) bool {
	return cli.SameName(a, x) && cli.SameName(b, y) || cli.SameName(a, y) && cli.SameName(b, x)
}
