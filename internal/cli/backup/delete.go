package backup

import (
	"context"
	"maps"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func remove() *cli.Command {
	common := map[string]string{"cascade": "cascading", "dry-run": "dryrun", "keep-snaps": "keep_snaps"}
	with := func(more map[string]string) map[string]string {
		all := maps.Clone(common)
		maps.Copy(all, more)
		return all
	}
	return &cli.Command{Name: "delete", Aliases: []string{"d"}, Short: "Removes backups.", Sub: []*cli.Command{
		deletion("id", "", "Removes one backup, or all whose id begins so.", func(s *args.Spec) {
			s.Flag("--prefix", "the id is only the beginning")
			cascade(s)
			s.Pos("remote", "name of the remote")
			s.Pos("id", "id of the backup")
		}, func(c *cli.Call) []client.Option {
			key := "id"
			if c.V.Bool("prefix") {
				key = "id_prefix"
			}
			return queries(c, map[string]string{"id": key}, common)
		}),
		deletion("filter", "f", "Removes the backups that match.", func(s *args.Spec) {
			s.Opt("-t,--time", "only those up to yyyyMMdd_HHmmss")
			s.Opt("-r,--resource", "only of this resource")
			s.Opt("-n,--node", "only from this node")
			cascade(s)
			s.Pos("remote", "name of the remote")
		}, func(c *cli.Call) []client.Option {
			return queries(c, map[string]string{"time": "timestamp", "resource": "resource_name", "node": "node_name"}, common)
		}),
		deletion("all", "a", "Removes all backups of the remote, or all of this cluster.", func(s *args.Spec) {
			s.Flag("-c,--cluster", "only those of this cluster")
			dryRun(s)
			s.Flag("--keep-snaps,--keep-snapshots", "keep the snapshots of the backups")
			s.Pos("remote", "name of the remote")
		}, func(c *cli.Call) []client.Option {
			if c.V.Bool("cluster") {
				return queries(c, nil, with(map[string]string{"cluster": "all_local_cluster"}))
			}
			return append(queries(c, nil, common), client.Query("all", "True"))
		}),
		deletion("s3key", "s3", "Removes one object of the bucket.", func(s *args.Spec) {
			dryRun(s)
			s.Pos("remote", "name of the remote")
			s.Pos("s3key", "key of the object")
		}, func(c *cli.Call) []client.Option { return queries(c, map[string]string{"s3key": "s3key"}, common) }),
	}}
}

// dryRun declares this command's own dry run: the remote's controller answers with
// messages, not with a plan.
func dryRun(s *args.Spec) { s.Flag("--dry-run,--dryrun", "only tell what would be removed") }

func cascade(s *args.Spec) {
	s.Flag("--cascade,--cascading", "remove the backups that are based on it too")
	dryRun(s)
	s.Flag("--keep-snaps,--keep-snapshots", "keep the snapshots of the backups")
}

func deletion(name, alias, short string, declare func(*args.Spec), chosen func(*cli.Call) []client.Option) *cli.Command {
	cmd := &cli.Command{Name: name, Short: short, Args: declare, Run: func(ctx context.Context, c *cli.Call) error {
		api, err := c.API()
		if err != nil {
			return err
		}
		return c.Change(api.Backups.Delete(ctx, c.V.Str("remote"), chosen(c)...))
	}}
	if alias != "" {
		cmd.Aliases = []string{alias}
	}
	return cmd
}
