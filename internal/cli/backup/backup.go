// Package backup holds the commands of backups on remotes.
package backup

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/snapshot"
)

// Command is the object backup.
func Command() *cli.Command {
	return &cli.Command{Name: "backup", Aliases: []string{"b"}, Short: "Manages backups on remotes.",
		Sub: []*cli.Command{list(), create(), remove(), restore(), abort(), queue(), ship(), info(), schedule()}}
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Starts a backup.",
		Args: func(s *args.Spec) {
			s.Flag("-f,--full", "a full backup, not an incremental one")
			s.Opt("-n,--node", "node to send from")
			s.Opt("-s,--snapshot,--source-snapshot", "name of the snapshot to make")
			s.Pos("remote", "name of the remote")
			s.Pos("resource", "resource to back up")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			b := v1.BackupCreate{RscName: c.V.Str("resource"), NodeName: c.V.Str("node"), SnapName: c.V.Str("snapshot"), Incremental: notFull(c, "full")}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.Create(ctx, c.V.Str("remote"), b, c.Opts()...))
		},
	}
}

// notFull is false when the flag was given, else absent.
func notFull(c *cli.Call, dest string) *bool {
	if !c.V.Bool(dest) {
		return nil
	}
	no := false
	return &no
}

func targetArgs(s *args.Spec) {
	s.Opt("--storpool-rename", "pairs old=new of storage pools").Any()
	s.Flag("--download-only", "fetch the data, but make no resource").Exclusive("mode")
	s.Flag("--force-restore", "restore even if the resource exists").Exclusive("mode")
	s.Opt("--target-resource-group", "resource group of the target")
	s.Flag("--force-move-resource-group,--force-mv-rg", "move an existing target to the resource group")
}

func restore() *cli.Command {
	return &cli.Command{
		Name: "restore", Aliases: []string{"rst"}, Short: "Makes a resource out of a backup.",
		Args: func(s *args.Spec) {
			s.Opt("-r,--resource", "resource the backup is of")
			s.Opt("-s,--snapshot", "snapshot the backup is of")
			s.Opt("--id", "id of the backup")
			s.Opt("--passphrase", "passphrase of the cluster the backup is from; asked for when it is left out").Maybe().Secret()
			targetArgs(s)
			s.Pos("remote", "name of the remote")
			s.Pos("target_node", "node to restore to")
			s.Pos("target_resource", "name of the new resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			pools, err := snapshot.Pairs(c.V.List("storpool-rename"), "--storpool-rename")
			if err != nil {
				return err
			}
			if c.V.Str("resource") == "" && c.V.Str("id") == "" {
				return cli.Usagef("%s backup restore: error: --resource or --id is required", c.Prog())
			}
			secret, _, err := c.Secret("passphrase", "Passphrase: ")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.Restore(ctx, c.V.Str("remote"), v1.BackupRestore{
				SrcRscName: c.V.Str("resource"), SrcSnapName: c.V.Str("snapshot"), LastBackup: c.V.Str("id"), StorPoolMap: pools,
				TargetRscName: c.V.Str("target_resource"), Passphrase: secret, NodeName: c.V.Str("target_node"),
				DownloadOnly: c.V.Bool("download-only"), ForceRestore: c.V.Bool("force-restore"),
				DstRscGrp: c.V.Str("target-resource-group"), ForceMvRscGrp: c.V.Bool("force-move-resource-group"),
			}, c.Opts()...))
		},
	}
}

func ship() *cli.Command {
	return &cli.Command{
		Name: "ship", Aliases: []string{"s"}, Short: "Sends a resource to another cluster.",
		Args: func(s *args.Spec) {
			s.Opt("--source-node", "node to send from")
			s.Opt("--target-node", "node to send to")
			s.Opt("--target-net-if", "network interface to send to")
			s.Opt("--target-storage-pool", "storage pool to send to")
			targetArgs(s)
			s.Flag("--force-full,--full", "send everything, not only what changed")
			s.Opt("--source-snapshot", "name of the snapshot to make")
			s.Pos("remote", "name of the remote")
			s.Pos("source_resource", "resource to send")
			s.Pos("target_resource", "name of the resource there")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			pools, err := snapshot.Pairs(c.V.List("storpool-rename"), "--storpool-rename")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.Ship(ctx, c.V.Str("remote"), v1.BackupShip{
				SrcNodeName: c.V.Str("source-node"), SrcRscName: c.V.Str("source_resource"), DstRscName: c.V.Str("target_resource"),
				DstNodeName: c.V.Str("target-node"), DstNetIfName: c.V.Str("target-net-if"), DstStorPool: c.V.Str("target-storage-pool"),
				StorPoolRename: pools, DownloadOnly: c.V.Bool("download-only"), ForceRestore: c.V.Bool("force-restore"),
				AllowIncremental: notFull(c, "force-full"), SrcSnapName: c.V.Str("source-snapshot"),
				DstRscGrp: c.V.Str("target-resource-group"), ForceMvRscGrp: c.V.Bool("force-move-resource-group"),
			}, c.Opts()...))
		},
	}
}

func abort() *cli.Command {
	return &cli.Command{
		Name: "abort", Aliases: []string{"a"}, Short: "Stops running backups or restores of a resource.",
		Args: func(s *args.Spec) {
			s.Flag("-r,--restore", "only restores")
			s.Flag("-c,--create", "only backups")
			s.Opt("-s,--snapshot", "only this snapshot")
			s.Pos("remote", "name of the remote")
			s.Pos("resource", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.Abort(ctx, c.V.Str("remote"), v1.BackupAbort{RscName: c.V.Str("resource"),
				Restore: c.V.Bool("restore"), Create: c.V.Bool("create"), Snapshot: c.V.Str("snapshot")}, c.Opts()...))
		},
	}
}

func schedule() *cli.Command {
	where := func(s *args.Spec) {
		s.Opt("--rd,--resource-definition", "for this resource definition").As("RD").Exclusive("where")
		s.Opt("--rg,--resource-group", "for this resource group").As("RG").Exclusive("where")
		s.Pos("remote_name", "name of the remote")
		s.Pos("schedule_name", "name of the schedule")
	}
	enable := &cli.Command{Name: "enable", Aliases: []string{"en"}, Short: "Backs up by a schedule.", Args: func(s *args.Spec) {
		s.Opt("--node,--preferred-node", "node to send from")
		s.Opt("--target-storage-pool", "storage pool to send to")
		s.Opt("--target-resource-name", "name of the resource there")
		s.Opt("--storpool-rename", "pairs old=new of storage pools").Any()
		s.Flag("--force-restore", "restore even if the resource exists")
		s.Opt("--target-resource-group", "resource group of the target")
		s.Flag("--force-move-resource-group,--force-mv-rg", "move an existing target to the resource group")
		where(s)
	}, Run: enableSchedule}
	disable := &cli.Command{Name: "disable", Aliases: []string{"dis"}, Short: "Stops backing up by a schedule.", Args: where,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.DisableSchedule(ctx, c.V.Str("remote_name"), c.V.Str("schedule_name"),
				v1.BackupSchedule{RscName: c.V.Str("rd"), GrpName: c.V.Str("rg")}, c.Opts()...))
		}}
	forget := &cli.Command{Name: "delete", Aliases: []string{"d"}, Short: "Forgets whether a schedule is enabled here.", Args: where,
		Run: func(ctx context.Context, c *cli.Call) error {
			opts := queries(c, map[string]string{"rd": "rsc_dfn_name", "rg": "rsc_grp_name"}, nil)
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Backups.DeleteSchedule(ctx, c.V.Str("remote_name"), c.V.Str("schedule_name"), c.Opts(opts...)...))
		}}
	return &cli.Command{Name: "schedule", Aliases: []string{"sched"}, Short: "Says which resources a schedule backs up.",
		Sub: []*cli.Command{enable, disable, forget}}
}

func enableSchedule(ctx context.Context, c *cli.Call) error {
	pools, err := snapshot.Pairs(c.V.List("storpool-rename"), "--storpool-rename")
	if err != nil {
		return err
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.Backups.EnableSchedule(ctx, c.V.Str("remote_name"), c.V.Str("schedule_name"), v1.BackupSchedule{
		RscName: c.V.Str("rd"), GrpName: c.V.Str("rg"), NodeName: c.V.Str("node"), DstStorPool: c.V.Str("target-storage-pool"),
		StorPoolRename: pools, ForceRestore: c.V.Bool("force-restore"), DstRscName: c.V.Str("target-resource-name"),
		DstRscGrp: c.V.Str("target-resource-group"), ForceMvRscGrp: c.V.Bool("force-move-resource-group"),
	}, c.Opts()...))
}
