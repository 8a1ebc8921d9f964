// Package resource holds the commands of resources.
package resource

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/volume"
)

// Command is the object resource.
func Command() *cli.Command {
	return &cli.Command{
		Name: "resource", Aliases: []string{"r"}, Short: "Manages the resources on the nodes.",
		Sub: []*cli.Command{
			create(), makeAvailable(), remove(), list(), involved(), volume.List("list-volumes", "lv", false), listProperties(),
			setProperty(), peerOptions(), toggleDisk(), activate(), deactivate(), transactional(),
		},
	}
}

func makeAvailable() *cli.Command {
	return &cli.Command{
		Name: "make-available", Aliases: []string{"mkavail"}, Short: "Makes a resource usable on a node, without a disk if that is enough.",
		Args: func(s *args.Spec) {
			s.Flag("--diskful", "with a disk")
			s.Opt("-l,--layer-list", "layers to use if the resource has to be made")
			s.Opt("--drbd-tcp-port", "DRBD port to use").Range(1, 65535)
			s.Pos("node_name", "name of the node")
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			layers, err := c.Layers("layer-list")
			if err != nil {
				return err
			}
			req := v1.ResourceMakeAvailable{Diskful: c.V.Bool("diskful"), LayerList: layers, DRBDTCPPorts: ports(c)}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Resources.MakeAvailable(ctx, c.V.Str("resource_name"), c.V.Str("node_name"), req, c.Opts()...))
		},
	}
}

func ports(c *cli.Call) []int32 {
	if p := c.V.Int32("drbd-tcp-port"); p != nil {
		return []int32{*p}
	}
	return nil
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a resource from nodes.",
		Args: func(s *args.Spec) {
			s.Flag("--keep-tiebreaker", "keep it as a diskless tiebreaker if one is needed")
			s.Flag("--async", "kept for old scripts").Hide()
			s.Pos("node_name", "names of the nodes").Many()
			s.Pos("name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			opts := c.Opts()
			if c.V.Bool("keep-tiebreaker") {
				opts = append(opts, client.KeepTieBreaker())
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Each(c.V.List("node_name"), func(node string) (*client.Reply, error) {
				return api.Resources.Delete(ctx, c.V.Str("name"), node, opts...)
			})
		},
	}
}

func listProperties() *cli.Command {
	return cli.ListProperties([]cli.Positional{cli.Pos("node_name", "name of the node"), cli.Pos("resource_name", "name of the resource")}, false,
		func(ctx context.Context, c *cli.Call) (map[string]string, error) {
			api, err := c.API()
			if err != nil {
				return nil, err
			}
			node, name := c.V.Str("node_name"), c.V.Str("resource_name")
			list, err := api.Resources.View(ctx, client.Filter("nodes", node), client.Filter("resources", name))
			if err != nil {
				return nil, err
			}
			for _, r := range list {
				if cli.SameName(r.Name, name) && cli.SameName(r.NodeName, node) {
					return r.Props, nil
				}
			}
			return nil, cli.Exitf(cli.ExitNotFound, "Resource '%s' on node '%s' not found on controller.", name, node)
		})
}

func setProperty() *cli.Command {
	return cli.SetProperty([]cli.Positional{cli.Pos("node_name", "name of the node"), cli.Pos("name", "name of the resource")},
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return api.Resources.Modify(ctx, c.V.Str("name"), c.V.Str("node_name"),
				v1.ResourceModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
		})
}

func peerOptions() *cli.Command {
	return cli.DRBDOptions("drbd-peer-options", "popt",
		[]cli.Positional{cli.Pos("node_a", "first node"), cli.Pos("node_b", "second node"), cli.Pos("resource_name", "name of the resource")},
		[]cli.Section{cli.SectionPeer, cli.SectionNet},
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return api.Connections.ModifyResource(ctx, c.V.Str("resource_name"), c.V.Str("node_a"), c.V.Str("node_b"),
				v1.ResourceConnectionModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
		})
}

func toggleDisk() *cli.Command {
	return &cli.Command{
		Name: "toggle-disk", Aliases: []string{"td"}, Short: "Gives a resource a disk, takes it away, or moves it from another node.",
		Args: func(s *args.Spec) {
			s.Opt("--storage-pool,-s", "storage pool for the disk").Exclusive("disk")
			s.Flag("--default-storage-pool,--dflt", "use the default storage pool").Exclusive("disk")
			s.Flag("--diskless,-d", "take the disk away").Exclusive("disk")
			s.Opt("--migrate-from", "move the disk from this node").As("MIGRATION_SOURCE")
			s.Flag("--async", "kept for old scripts").Hide()
			s.Pos("node_name", "name of the node")
			s.Pos("name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			from, node, name, pool := c.V.Str("migrate-from"), c.V.Str("node_name"), c.V.Str("name"), c.V.Str("storage-pool")
			if from != "" && c.V.Bool("diskless") {
				return cli.Usagef("Error: --diskless and --migrate-from are mutually exclusive")
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			switch {
			case from != "":
				return c.Change(api.Resources.MigrateDisk(ctx, name, node, from, pool, c.Opts()...))
			case c.V.Bool("diskless"):
				return c.Change(api.Resources.ToggleDiskless(ctx, name, node, "", c.Opts()...))
			default:
				return c.Change(api.Resources.ToggleDiskful(ctx, name, node, pool, c.Opts()...))
			}
		},
	}
}

func activate() *cli.Command {
	return upDown("activate", "act", "Brings an inactive resource up.",
		func(ctx context.Context, api *client.Client, res, node string, o ...client.Option) (*client.Reply, error) {
			return api.Resources.Activate(ctx, res, node, o...)
		})
}

func deactivate() *cli.Command {
	return upDown("deactivate", "deact", "Takes a resource down on a node; the data stays.",
		func(ctx context.Context, api *client.Client, res, node string, o ...client.Option) (*client.Reply, error) {
			return api.Resources.Deactivate(ctx, res, node, o...)
		})
}

func upDown(name, alias, short string, do func(context.Context, *client.Client, string, string, ...client.Option) (*client.Reply, error)) *cli.Command {
	return &cli.Command{
		Name: name, Aliases: []string{alias}, Short: short,
		Args: func(s *args.Spec) {
			s.Pos("node_name", "name of the node")
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(do(ctx, api, c.V.Str("resource_name"), c.V.Str("node_name"), c.Opts()...))
		},
	}
}
