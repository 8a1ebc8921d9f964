// Package storagepool holds the commands of storage pools.
package storagepool

import (
	"context"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

const poolKey = "StorDriver/StorPoolName"

// Command is the object storage-pool.
func Command() *cli.Command {
	return &cli.Command{
		Name: "storage-pool", Aliases: []string{"sp"}, Short: "Manages the storage pools of the nodes.",
		Sub: []*cli.Command{create(), remove(), list(), listProperties(), setProperty()},
	}
}

func create() *cli.Command {
	kinds := []struct{ name, provider, pool string }{
		{"lvm", "LVM", "volume group"}, {"spdk", "SPDK", "lvol store"}, {"remotespdk", "REMOTE_SPDK", "lvol store"},
		{"storagespaces", "STORAGE_SPACES", "storage pool"}, {"storagespacesthin", "STORAGE_SPACES_THIN", "storage pool"},
		{"lvmthin", "LVM_THIN", "volume group and thin pool: vg/thinpool"}, {"zfs", "ZFS", "zpool or dataset"},
		{"zfsthin", "ZFS_THIN", "zpool or dataset"}, {"file", "FILE", "folder"}, {"filethin", "FILE_THIN", "folder"},
	}
	cmd := &cli.Command{Name: "create", Aliases: []string{"c"}, Short: "Makes a storage pool out of what a node has."}
	for _, k := range kinds {
		cmd.Sub = append(cmd.Sub, createKind(k.name, v1.ProviderKind(k.provider), k.pool))
	}
	cmd.Sub = append(cmd.Sub, createDiskless(), createEbs())
	return cmd
}

func createKind(name string, kind v1.ProviderKind, pool string) *cli.Command {
	return &cli.Command{
		Name: name, Short: "Makes a pool of this kind: " + pool + ".",
		Args: func(s *args.Spec) {
			s.Opt("--shared-space", "name of the space if other nodes see the same devices")
			s.Flag("--external-locking", "something else takes care of locking the shared space")
			s.Pos("node_name", "name of the node")
			s.Pos("name", "name of the new pool")
			s.Pos("driver_pool_name", pool)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return send(ctx, c, v1.StoragePool{
				StoragePoolName: c.V.Str("name"), ProviderKind: kind, Props: map[string]string{poolKey: c.V.Str("driver_pool_name")},
				FreeSpaceMgrName: c.V.Str("shared-space"), ExternalLocking: c.V.Bool("external-locking"),
			})
		},
	}
}

func createDiskless() *cli.Command {
	return &cli.Command{
		Name: "diskless", Short: "Makes a pool for diskless resources.",
		Args: func(s *args.Spec) {
			s.Pos("node_name", "name of the node")
			s.Pos("name", "name of the new pool")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return send(ctx, c, v1.StoragePool{StoragePoolName: c.V.Str("name"), ProviderKind: v1.ProviderKindDiskless})
		},
	}
}

func createEbs() *cli.Command {
	return &cli.Command{
		Name: "ebs_initiator", Aliases: []string{"ebs_init"}, Short: "Makes a pool of an EBS remote.",
		Args: func(s *args.Spec) {
			s.Pos("node_name", "name of the node")
			s.Pos("name", "name of the new pool")
			s.Pos("ebs_remote_name", "the EBS remote to use")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return send(ctx, c, v1.StoragePool{StoragePoolName: c.V.Str("name"), ProviderKind: v1.ProviderKindEbsInit,
				Props: map[string]string{"StorDriver/EBS/Remote": c.V.Str("ebs_remote_name")}})
		},
	}
}

func send(ctx context.Context, c *cli.Call, p v1.StoragePool) error {
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.StoragePools.Create(ctx, c.V.Str("node_name"), p, c.Opts()...))
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a storage pool from nodes; the volume group or zpool stays.",
		Args: func(s *args.Spec) {
			s.Flag("-q,--quiet", "kept for old scripts").Hide()
			s.Pos("node_name", "names of the nodes").Many()
			s.Pos("name", "name of the pool")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Each(c.V.List("node_name"), func(node string) (*client.Reply, error) {
				return api.StoragePools.Delete(ctx, node, c.V.Str("name"), c.Opts()...)
			})
		},
	}
}

func setProperty() *cli.Command {
	return cli.SetProperty([]cli.Positional{cli.Pos("node_name", "name of the node"), cli.Pos("name", "name of the pool")},
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return api.StoragePools.Modify(ctx, c.V.Str("node_name"), c.V.Str("name"),
				v1.StoragePoolDefinitionModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
		})
}

func listProperties() *cli.Command {
	return cli.ListProperties([]cli.Positional{cli.Pos("node_name", "name of the node"), cli.Pos("storage_pool_name", "name of the pool")}, false,
		func(ctx context.Context, c *cli.Call) (map[string]string, error) {
			api, err := c.API()
			if err != nil {
				return nil, err
			}
			node, name := c.V.Str("node_name"), c.V.Str("storage_pool_name")
			list, err := api.StoragePools.View(ctx, client.Filter("nodes", node), client.Filter("storage_pools", name))
			if err != nil {
				return nil, err
			}
			for _, p := range list {
				if cli.SameName(p.NodeName, node) && cli.SameName(p.StoragePoolName, name) {
					return p.Props, nil
				}
			}
			return nil, cli.Exitf(cli.ExitNotFound, "Storage pool '%s' on node '%s' not found on controller.", name, node)
		})
}

// private tells whether a free space manager belongs to one pool alone.
func private(name string) bool { return strings.ContainsAny(name, ":;") }
