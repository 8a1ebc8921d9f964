// Package snapshot holds the commands of snapshots.
package snapshot

import (
	"context"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object snapshot.
func Command() *cli.Command {
	return &cli.Command{
		Name: "snapshot", Aliases: []string{"s"}, Short: "Manages snapshots.",
		Sub: []*cli.Command{
			create(), createMultiple(), remove(), rollback(), list(), listProperties(), setProperty(),
			{Name: "volume-definition", Aliases: []string{"vd"}, Short: "Makes volume definitions out of a snapshot.", Sub: []*cli.Command{restoreVolumes()}},
			{Name: "resource", Aliases: []string{"r"}, Short: "Makes resources out of a snapshot.", Sub: []*cli.Command{restoreResource()}},
		},
	}
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Takes a snapshot of a resource, on all nodes with a disk or on the given ones.",
		Args: func(s *args.Spec) {
			s.Flag("--async", "kept for old scripts").Hide()
			s.Pos("node_name", "names of the nodes").Any()
			s.Pos("resource_definition_name", "name of the resource")
			s.Pos("snapshot_name", "name of the new snapshot")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.Create(ctx, c.V.Str("resource_definition_name"),
				v1.Snapshot{Name: c.V.Str("snapshot_name"), Nodes: c.V.List("node_name")}, c.Opts()...))
		},
	}
}

func createMultiple() *cli.Command {
	return &cli.Command{
		Name: "create-multiple", Aliases: []string{"cm"}, Short: "Takes snapshots of several resources at one moment.",
		Args: func(s *args.Spec) {
			s.Opt("--node_names,-n", "names of the nodes").Any()
			s.Opt("--resource_names,-r", "names of the resources").Many().Must()
			s.Pos("snapshot_name", "name of the new snapshots")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			var req v1.CreateMultiSnapshotRequest
			for _, r := range c.V.List("resource_names") {
				req.Snapshots = append(req.Snapshots, v1.Snapshot{Name: c.V.Str("snapshot_name"), ResourceName: r, Nodes: c.V.List("node_names")})
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.CreateMulti(ctx, req, c.Opts()...))
		},
	}
}

func object() []cli.Positional {
	return []cli.Positional{cli.Pos("resource_name", "name of the resource"), cli.Pos("snapshot_name", "name of the snapshot")}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a snapshot.",
		Args: func(s *args.Spec) {
			s.Opt("-n,--nodes", "only on these nodes").Many()
			s.Pos("resource_definition_name", "name of the resource")
			s.Pos("snapshot_name", "name of the snapshot")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.Delete(ctx, c.V.Str("resource_definition_name"), c.V.Str("snapshot_name"),
				c.Opts(client.Filter("nodes", c.V.List("nodes")...))...))
		},
	}
}

func rollback() *cli.Command {
	return &cli.Command{
		Name: "rollback", Aliases: []string{"rb"}, Short: "Takes a resource back to a snapshot; what was written since is lost.",
		Args: func(s *args.Spec) {
			s.Opt("--zfs-rollback-strategy", "how to do it with ZFS").Choose("rollback", "clone", "dynamic")
			s.Pos("resource_definition_name", "name of the resource")
			s.Pos("snapshot_name", "name of the snapshot")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.Rollback(ctx, c.V.Str("resource_definition_name"), c.V.Str("snapshot_name"),
				v1.SnapshotRollback{ZfsRollbackStrategy: c.V.Str("zfs-rollback-strategy")}, c.Opts()...))
		},
	}
}

func restoreArgs(s *args.Spec) {
	s.Opt("--from-resource,--fr", "resource that the snapshot is of").Must()
	s.Opt("--from-snapshot,--fs", "name of the snapshot").Must()
	s.Opt("--to-resource,--tr", "resource to restore to").Must()
}

func restoreVolumes() *cli.Command {
	return &cli.Command{
		Name: "restore", Aliases: []string{"rst"}, Short: "Makes the volume definitions that the snapshot had.", Args: restoreArgs,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.RestoreVolumeDefinition(ctx, c.V.Str("from-resource"), c.V.Str("from-snapshot"),
				v1.SnapshotRestore{ToResource: c.V.Str("to-resource")}, c.Opts()...))
		},
	}
}

func restoreResource() *cli.Command {
	return &cli.Command{
		Name: "restore", Aliases: []string{"rst"}, Short: "Makes resources with the data of the snapshot.",
		Args: func(s *args.Spec) {
			restoreArgs(s)
			s.Opt("--storpool-rename", "pairs old=new of storage pools").Any()
			s.Pos("node_name", "names of the nodes").Any()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			pools, err := Pairs(c.V.List("storpool-rename"), "--storpool-rename")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Snapshots.RestoreResource(ctx, c.V.Str("from-resource"), c.V.Str("from-snapshot"),
				v1.SnapshotRestore{ToResource: c.V.Str("to-resource"), Nodes: c.V.List("node_name"), StorPoolRename: pools}, c.Opts()...))
		},
	}
}

// Pairs reads old=new arguments; the backup commands use it too.
func Pairs(list []string, option string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := map[string]string{}
	for _, p := range list {
		old, renamed, ok := strings.Cut(p, "=")
		if !ok || old == "" || renamed == "" {
			return nil, cli.Usagef("Error: %s: '%s' is not a pair old=new", option, p)
		}
		out[old] = renamed
	}
	return out, nil
}

func setProperty() *cli.Command {
	return cli.SetProperty(object(), func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
		return api.Snapshots.Modify(ctx, c.V.Str("resource_name"), c.V.Str("snapshot_name"),
			v1.SnapshotModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
	})
}

func listProperties() *cli.Command {
	return cli.ListProperties(object(), false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		api, err := c.API()
		if err != nil {
			return nil, err
		}
		res, name := c.V.Str("resource_name"), c.V.Str("snapshot_name")
		list, err := api.Snapshots.View(ctx, client.Filter("resources", res))
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if cli.SameName(s.ResourceName, res) && cli.SameName(s.Name, name) {
				if len(s.SnapshotDefinitionProps) > 0 {
					return s.SnapshotDefinitionProps, nil
				}
				return s.Props, nil
			}
		}
		return nil, cli.Exitf(cli.ExitNotFound, "Snapshot '%s' of resource '%s' not found on controller.", name, res)
	})
}
