package backup

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
	"github.com/holdfast-storage/holdfast/internal/cli/snapshot"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the backups on a remote.",
		Args: func(s *args.Spec) {
			s.Opt("-r,--resource", "only of this resource")
			s.Opt("-s,--snapshot", "only of this snapshot")
			s.Flag("-o,--others", "print what is on the remote and is no backup")
			s.Flag("-i,--show-id", "add a column with the backup's id")
			cli.Pastable(s)
			s.Pos("remote_name", "name of the remote")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.BackupList, error) {
				return api.Backups.List(ctx, c.V.Str("remote_name"),
					append(o, queries(c, map[string]string{"resource": "rsc_name", "snapshot": "snap_name"}, nil)...)...)
			}, nil, func(l v1.BackupList) error { return show(c, l) })
		},
	}
}

func show(c *cli.Call, l v1.BackupList) error {
	if c.V.Bool("others") {
		t := c.Table().Columns("S3_Key")
		if l.Other != nil {
			for _, f := range l.Other.Files {
				t.Strings(f)
			}
		}
		return t.Render(c.Env.Out)
	}
	ids := c.V.Bool("show-id")
	t := c.Table().Columns("Resource", "Snapshot", "Finished_at", "Based_On", "Status")
	if ids {
		t.Columns("Backup_Name(ID)")
	}
	for _, key := range slices.Sorted(maps.Keys(l.Linstor)) {
		b := l.Linstor[key]
		st := table.Colored("Not restorable", table.Red)
		switch {
		case b.Shipping:
			st = table.Colored("Shipping", table.Yellow)
		case b.Restorable:
			st = table.Colored("Success", table.Lime)
		}
		cells := []table.Cell{table.Text(b.OriginRsc), table.Text(b.OriginSnap), table.Text(cli.Date(b.FinishedTimestamp)),
			table.Text(strings.TrimSuffix(b.BasedOnID, ".meta")), st}
		if ids {
			cells = append(cells, table.Text(b.ID))
		}
		t.Row(cells...)
	}
	return t.Render(c.Env.Out)
}

// queries turns options into query parameters: texts by their value, flags by
// True.
func queries(c *cli.Call, texts, flags map[string]string) []client.Option {
	var opts []client.Option
	for dest, key := range texts {
		if v := c.V.Str(dest); v != "" {
			opts = append(opts, client.Query(key, v))
		}
	}
	for dest, key := range flags {
		if c.V.Bool(dest) {
			opts = append(opts, client.Query(key, "True"))
		}
	}
	return opts
}

func queue() *cli.Command {
	return &cli.Command{Name: "queue", Aliases: []string{"q"}, Short: "Shows waiting shipments.", Sub: []*cli.Command{{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the shipments that wait.",
		Args: func(s *args.Spec) {
			s.Opt("-n,--nodes", "only of these nodes").Any()
			s.Opt("-s,--snaps,--snapshots", "only of these snapshots").Any()
			s.Opt("--rscs,--resources", "only of these resources").Any()
			s.Opt("--remotes", "only to these remotes").Any()
			s.Flag("--snap-to-node,--stn,--s2n", "print the nodes per snapshot")
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.BackupQueues, error) {
				o = append(o, client.Filter("nodes", c.V.List("nodes")...), client.Filter("snapshots", c.V.List("snaps")...),
					client.Filter("resources", c.V.List("rscs")...), client.Filter("remotes", c.V.List("remotes")...))
				return api.Backups.Queue(ctx, append(o, queries(c, nil, map[string]string{"snap-to-node": "snap_to_node"})...)...)
			}, nil, func(q v1.BackupQueues) error { return showQueue(c, q) })
		},
	}}}
}

func showQueue(c *cli.Call, q v1.BackupQueues) error {
	snap := func(s v1.SnapQueue) []string {
		return []string{s.ResourceName, s.SnapshotName, s.RemoteName, strings.TrimSuffix(s.BasedOn, ".meta"), cli.Date(s.StartTimestamp), s.PrefNode}
	}
	columns := []string{"Resource", "Snapshot", "Remote", "Based_On", "Created_at", "Preferred_Node"}
	if c.V.Bool("snap-to-node") {
		t := c.Table().Columns(append(columns, "Node")...)
		for _, s := range q.SnapQueues {
			for _, n := range s.Queue {
				t.Strings(append(snap(s), n.NodeName)...)
			}
		}
		return t.Render(c.Env.Out)
	}
	t := c.Table().Columns(append([]string{"Node"}, columns...)...)
	for _, n := range q.NodeQueues {
		for _, s := range n.Queue {
			t.Strings(append([]string{n.NodeName}, snap(s)...)...)
		}
	}
	return t.Render(c.Env.Out)
}

func info() *cli.Command {
	return &cli.Command{
		Name: "info", Aliases: []string{"i"}, Short: "Prints how much a backup has to fetch and whether it fits.",
		Args: func(s *args.Spec) {
			s.Opt("-r,--resource", "resource the backup is of")
			s.Opt("-s,--snapshot", "snapshot the backup is of")
			s.Opt("--id", "id of the backup")
			s.Opt("-n,--target_node", "node to restore to")
			s.Opt("--storpool-rename", "pairs old=new of storage pools").Any()
			cli.Pastable(s)
			s.Pos("remote", "name of the remote")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			pools, err := snapshot.Pairs(c.V.List("storpool-rename"), "--storpool-rename")
			if err != nil {
				return err
			}
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.BackupInfo, error) {
				return api.Backups.Info(ctx, c.V.Str("remote"), v1.BackupInfoRequest{SrcRscName: c.V.Str("resource"),
					SrcSnapName: c.V.Str("snapshot"), LastBackup: c.V.Str("id"), StorPoolMap: pools, NodeName: c.V.Str("target_node")}, o...)
			}, nil, func(b v1.BackupInfo) error {
				if c.G.Curl {
					return nil
				}
				return showInfo(c, b)
			})
		},
	}
}

func showInfo(c *cli.Call, b v1.BackupInfo) error {
	t := c.Table().Columns("Resource", "Snapshot", "Full_Backup", "Latest_Backup", "Backup_Count", "Download_Size", "Allocated_Size")
	t.Strings(b.Rsc, b.Snap, b.Full, b.Latest, fmt.Sprint(b.Count), cli.FormatSize(b.DlSizeKiB), cli.FormatSize(b.AllocSizeKiB))
	if err := t.Render(c.Env.Out); err != nil {
		return err
	}
	target := c.V.Str("target_node") != ""
	t = c.Table().Columns("Origin_StorPool_(Type)")
	if target {
		t.Columns("Target_Pool", "Remaining_Free_Space")
	}
	t.Columns("Volume_to_Download", "Type", "Download_Size", "Allocated_Size", "Usable_Size")
	for _, p := range b.Storpools {
		for i, v := range p.Vlms {
			cells := []table.Cell{{}}
			if i == 0 {
				cells[0] = table.Text(fmt.Sprintf("%s (%s)", p.Name, p.ProviderKind))
			}
			if target {
				cells = append(cells, remaining(p, i)...)
			}
			t.Row(append(cells, table.Text(v.Name), table.Text(string(v.LayerType)), table.Text(cli.FormatSize(v.DlSizeKiB)),
				table.Text(cli.FormatSize(v.AllocSizeKiB)), table.Text(cli.FormatSize(v.UsableSizeKiB)))...)
		}
	}
	return t.Render(c.Env.Out)
}

func remaining(p v1.BackupInfoStorPool, row int) []table.Cell {
	if row > 0 {
		return make([]table.Cell, 2)
	}
	cell := table.Text(cli.FormatSize(p.RemainingSpaceKiB))
	if p.RemainingSpaceKiB < 0 {
		cell = table.Colored("-"+cli.FormatSize(-p.RemainingSpaceKiB), table.Red)
	}
	return []table.Cell{table.Text(p.TargetName), cell}
}
