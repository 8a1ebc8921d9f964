// Package node holds the commands of nodes and their network interfaces.
//
// It must not decide anything about nodes: it sends what the user asked for.
package node

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object node.
func Command() *cli.Command {
	return &cli.Command{
		Name: "node", Aliases: []string{"n"}, Short: "Manages the nodes of the cluster.",
		Sub: []*cli.Command{
			create(), createSpdk(), createEbs(), modify(), describe(), remove(), lost(), reconnect(),
			interfaces(), list(), info(), listProperties(), setProperty(), restore(), evacuate(), setLogLevel(),
		},
	}
}

func nodeTypes() []string { return []string{"controller", "auxiliary", "combined", "satellite"} }

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Registers a node.",
		Args: func(s *args.Spec) {
			s.Opt("-p,--port", "port (default: 3366 for a plain satellite, 3367 with ssl, 3370 for a plain controller, 3371 with ssl)").Range(1, 65535)
			s.Opt("--node-type", "what runs on the node").Choose(nodeTypes()...).Fold().Or("satellite")
			s.Opt("--communication-type", "whether the connection is encrypted").Choose("plain", "ssl").Fold().Or("plain")
			s.Opt("--interface-type", "kind of interface").Choose("ip").Fold().Or("ip")
			s.Opt("--interface-name", "name of the first network interface").Or("default")
			s.Pos("name", "the node's host name")
			s.Pos("ip", "the node's address; the name is looked up when it is missing").Maybe()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			ip := c.V.Str("ip")
			if ip == "" {
				found, err := c.Env.LookupHost(c.V.Str("name"))
				if err != nil || len(found) == 0 {
					return cli.Exitf(cli.ExitUnknown, "Error: Unable to resolve the address of node '%s': %v; give it as the second argument", c.V.Str("name"), err)
				}
				ip = found[0]
			}
			kind, comm := c.V.Str("node-type"), c.V.Str("communication-type")
			port := v1.FlexInt(c.V.Int("port"))
			if port == 0 {
				port = defaultPort(kind, comm)
			}
			active := true
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.Create(ctx, v1.Node{Name: c.V.Str("name"), Type: kind, NetInterfaces: []v1.NetInterface{{
				Name: c.V.Str("interface-name"), Address: ip, SatellitePort: &port, SatelliteEncryptionType: comm, IsActive: &active,
			}}}, c.Opts()...))
		},
	}
}

func defaultPort(kind, comm string) v1.FlexInt {
	port := v1.FlexInt(3366)
	if kind == "controller" {
		port = 3370
	}
	if comm == "ssl" {
		port++
	}
	return port
}

func createSpdk() *cli.Command {
	return &cli.Command{
		Name: "create-remote-spdk-target", Aliases: []string{"crspdkt"}, Short: "Registers a remote SPDK target as a node.",
		Args: func(s *args.Spec) {
			s.Opt("--api-port", "port of the target's API").Range(1, 65535)
			s.Opt("--api-user", "user of the target's API")
			s.Opt("--api-user-env", "environment variable of the controller with the user")
			s.Opt("--api-pw", "password of the target's API; asked for when it is left out").Maybe().Secret()
			s.Opt("--api-pw-env", "environment variable of the controller with the password")
			s.Pos("node_name", "name of the new node")
			s.Pos("api_host", "host of the target's API")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			const ns = "StorDriver/RemoteSpdk/"
			props := map[string]string{ns + "ApiHost": c.V.Str("api_host")}
			for dest, key := range map[string]string{"api-port": "ApiPort", "api-user": "UserName",
				"api-user-env": "UserNameEnv", "api-pw-env": "UserPwEnv"} {
				if v := c.V.Str(dest); v != "" {
					props[ns+key] = v
				}
			}
			pw, given, err := c.Secret("api-pw", "Password: ")
			if err != nil {
				return err
			}
			if given {
				props[ns+"UserPw"] = pw
			}
			port := v1.FlexInt(3366)
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.Create(ctx, v1.Node{Name: c.V.Str("node_name"), Type: "Remote_Spdk", Props: props,
				NetInterfaces: []v1.NetInterface{{Name: "default", Address: "127.0.0.1", SatellitePort: &port, SatelliteEncryptionType: "Plain"}},
			}, c.Opts()...))
		},
	}
}

func createEbs() *cli.Command {
	return &cli.Command{
		Name: "create-ebs-target", Aliases: []string{"cebst"}, Short: "Registers an EBS target as a node.",
		Args: func(s *args.Spec) {
			s.Pos("node_name", "name of the new node")
			s.Pos("ebs_remote_name", "the EBS remote to use")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.CreateEbs(ctx, v1.NodeCreateEbs{Name: c.V.Str("node_name"), EbsRemoteName: c.V.Str("ebs_remote_name")}, c.Opts()...))
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes what runs on a node.",
		Args: func(s *args.Spec) {
			s.Opt("--node-type,-t", "what runs on the node").Choose(nodeTypes()...).Fold().Or("satellite")
			s.Pos("node_name", "name of the node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.Modify(ctx, c.V.Str("node_name"), v1.NodeModify{NodeType: c.V.Str("node-type")}, c.Opts()...))
		},
	}
}

// simple makes a command that does one thing to one node.
func simple(name string, aliases []string, short, pos string,
	do func(context.Context, *client.Client, string, ...client.Option) (*client.Reply, error)) *cli.Command {
	return &cli.Command{
		Name: name, Aliases: aliases, Short: short,
		Args: func(s *args.Spec) {
			s.Flag("--async", "kept for old scripts").Hide()
			p := s.Pos(pos, "name of the node")
			if pos == "nodes" {
				p.Many()
			}
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Each(c.V.List(pos), func(name string) (*client.Reply, error) {
				return do(ctx, api, name, c.Opts()...)
			})
		},
	}
}

func remove() *cli.Command {
	return simple("delete", []string{"d"}, "Removes a node with its resources.", "name",
		func(ctx context.Context, api *client.Client, name string, o ...client.Option) (*client.Reply, error) {
			return api.Nodes.Delete(ctx, name, o...)
		})
}

func lost() *cli.Command {
	return simple("lost", []string{"lo"}, "Forgets a node that will never come back.", "name",
		func(ctx context.Context, api *client.Client, name string, o ...client.Option) (*client.Reply, error) {
			return api.Nodes.Lost(ctx, name, o...)
		})
}

func reconnect() *cli.Command {
	return simple("reconnect", []string{"rc"}, "Makes new connections to nodes.", "nodes",
		func(ctx context.Context, api *client.Client, name string, o ...client.Option) (*client.Reply, error) {
			return api.Nodes.Reconnect(ctx, name, o...)
		})
}

func restore() *cli.Command {
	return &cli.Command{
		Name: "restore", Aliases: []string{"rst"}, Short: "Takes an evicted or evacuating node back.",
		Args: func(s *args.Spec) {
			s.Flag("--delete-resources", "delete the resources that are still on it")
			s.Flag("--delete-snapshots", "delete the snapshots that are still on it")
			s.Pos("node_name", "name of the node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.Restore(ctx, c.V.Str("node_name"), v1.NodeRestore{
				DeleteResources: c.V.Bool("delete-resources"), DeleteSnapshots: c.V.Bool("delete-snapshots"),
			}, c.Opts()...))
		},
	}
}

func evacuate() *cli.Command {
	return &cli.Command{
		Name: "evacuate", Aliases: []string{"evac"}, Short: "Moves all resources away from a node.",
		Args: func(s *args.Spec) {
			s.Opt("--target", "move to these nodes only").Many().As("NODE_NAME").Exclusive("target")
			s.Opt("--do-not-target", "do not move to these nodes").Many().As("NODE_NAME").Exclusive("target")
			s.Pos("node_name", "name of the node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.Evacuate(ctx, c.V.Str("node_name"), v1.NodeEvacuate{
				Target: c.V.List("target"), DoNotTarget: c.V.List("do-not-target"),
			}, c.Opts()...))
		},
	}
}

func setLogLevel() *cli.Command {
	return &cli.Command{
		Name: "set-log-level", Aliases: []string{"setloglevel"}, Short: "Sets the log level of a satellite.",
		Args: func(s *args.Spec) {
			s.Flag("--library,--lib", "set the level of the libraries too")
			s.Pos("node_name", "name of the node")
			s.Pos("level", "new level").Choose("ERROR", "WARN", "INFO", "DEBUG", "TRACE").Fold()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			log := &v1.SatelliteConfigLog{LevelLinstor: v1.LogLevel(c.V.Str("level"))}
			if c.V.Bool("library") {
				log = &v1.SatelliteConfigLog{Level: v1.LogLevel(c.V.Str("level"))}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Nodes.SetConfig(ctx, c.V.Str("node_name"), v1.SatelliteConfig{Log: log}, c.Opts()...))
		},
	}
}

func setProperty() *cli.Command {
	return cli.SetProperty([]cli.Positional{cli.Pos("node_name", "name of the node")},
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return api.Nodes.Modify(ctx, c.V.Str("node_name"), v1.NodeModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
		})
}

func listProperties() *cli.Command {
	return cli.ListProperties([]cli.Positional{cli.Pos("node_name", "name of the node")}, true,
		func(ctx context.Context, c *cli.Call) (map[string]string, error) {
			n, err := byName(ctx, c, c.V.Str("node_name"))
			return n.Props, err
		})
}

// byName reads one node by the list, which --from-file can stand for.
func byName(ctx context.Context, c *cli.Call, name string) (v1.Node, error) {
	nodes, _, err := cli.Read(c, func(api *client.Client, o ...client.Option) ([]v1.Node, error) {
		return api.Nodes.List(ctx, append(o, client.Filter("nodes", name))...)
	})
	if err != nil {
		return v1.Node{}, fmt.Errorf("read node: %w", err)
	}
	return cli.One(nodes, "Node", name, func(n v1.Node) string { return n.Name })
}
