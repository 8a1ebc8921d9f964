package node

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func interfaces() *cli.Command {
	return &cli.Command{
		Name: "interface", Aliases: []string{"i"}, Short: "Manages the network interfaces of a node.",
		Sub: []*cli.Command{createInterface(), modifyInterface(), deleteInterface(), listInterfaces()},
	}
}

func connectionArgs(s *args.Spec) {
	s.Opt("-p,--port", "port of the satellite").Range(1, 65535)
	s.Opt("--communication-type", "whether the connection is encrypted (default: plain)").Choose("plain", "ssl").Fold()
	s.Flag("--active", "connect to the satellite by this interface")
	s.Pos("node_name", "name of the node")
}

// connection reads the options of connectionArgs. The encryption type is sent only
// with a port or when it was given: an interface without it is for data alone.
func connection(c *cli.Call, name, address string) v1.NetInterface {
	i := v1.NetInterface{Name: name, Address: address}
	if c.V.Given("port") {
		port := v1.FlexInt(c.V.Int("port"))
		i.SatellitePort = &port
		i.SatelliteEncryptionType = "plain"
	}
	if t := c.V.Str("communication-type"); t != "" {
		i.SatelliteEncryptionType = t
	}
	if c.V.Bool("active") {
		active := true
		i.IsActive = &active
	}
	return i
}

func createInterface() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Adds a network interface.",
		Args: func(s *args.Spec) {
			connectionArgs(s)
			s.Pos("interface_name", "name of the interface")
			s.Pos("ip", "address of the interface")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.CreateInterface(ctx, c.V.Str("node_name"),
				connection(c, c.V.Str("interface_name"), c.V.Str("ip")), c.Opts()...))
		},
	}
}

func modifyInterface() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes a network interface.",
		Args: func(s *args.Spec) {
			connectionArgs(s)
			s.Opt("--ip", "new address")
			s.Pos("interface_name", "name of the interface")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			name := c.V.Str("interface_name")
			return c.Change(api.Nodes.ModifyInterface(ctx, c.V.Str("node_name"), name, connection(c, name, c.V.Str("ip")), c.Opts()...))
		},
	}
}

func deleteInterface() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes network interfaces.",
		Args: func(s *args.Spec) {
			s.Pos("node_name", "name of the node")
			s.Pos("interface_name", "names of the interfaces").Many()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Each(c.V.List("interface_name"), func(name string) (*client.Reply, error) {
				return api.Nodes.DeleteInterface(ctx, c.V.Str("node_name"), name, c.Opts()...)
			})
		},
	}
}

func listInterfaces() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the network interfaces of a node.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("node_name", "name of the node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			node, err := byName(ctx, c, c.V.Str("node_name"))
			if err != nil {
				return err
			}
			if c.G.Machine {
				return c.PrintJSON([]any{node.NetInterfaces})
			}
			t := c.Table().Columns(node.Name, "NetInterface", "IP", "Port", "EncryptionType")
			for _, i := range node.NetInterfaces {
				mark, port := "+", ""
				if i.IsActive != nil && *i.IsActive {
					mark = "+ StltCon"
				}
				if i.SatellitePort != nil {
					port = cli.IntList([]v1.FlexInt{*i.SatellitePort}, "")
				}
				t.Row(table.Colored(mark, table.Lime), table.Text(i.Name), table.Text(i.Address), table.Text(port), table.Text(i.SatelliteEncryptionType))
			}
			return t.Render(c.Env.Out)
		},
	}
}
