// Package controller holds the commands of the controller itself.
package controller

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/resourcegroup"
)

// Command is the object controller.
func Command() *cli.Command {
	return &cli.Command{Name: "controller", Aliases: []string{"c"}, Short: "Manages the controller and the settings of the cluster.",
		Sub: []*cli.Command{listProperties(), setProperty(), options(), setLogLevel(), version(), queryMaxVolumeSize(), which(), backup()}}
}

func listProperties() *cli.Command {
	return cli.ListProperties(nil, false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		api, err := c.API()
		if err != nil {
			return nil, err
		}
		return api.Controller.Properties(ctx)
	})
}

func change(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
	return api.Controller.Modify(ctx, v1.ControllerPropsModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
}

func setProperty() *cli.Command { return cli.SetProperty(nil, change) }

func options() *cli.Command {
	return cli.DRBDOptions("drbd-options", "opt", nil, cli.AllSections, change)
}

func setLogLevel() *cli.Command {
	return &cli.Command{
		Name: "set-log-level", Aliases: []string{"setloglevel"}, Short: "Sets the log level of the controller, or of all satellites too.",
		Args: func(s *args.Spec) {
			s.Flag("--library,--lib", "set the level of the libraries too")
			s.Flag("--global", "set the level of all satellites too")
			s.Pos("level", "new level").Choose("ERROR", "WARN", "INFO", "DEBUG", "TRACE").Fold()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			level := v1.LogLevel(c.V.Str("level"))
			log := &v1.ControllerConfigLog{}
			switch library, global := c.V.Bool("library"), c.V.Bool("global"); {
			case library && global:
				log.LevelGlobal = level
			case library:
				log.Level = level
			case global:
				log.LevelLinstorGlobal = level
			default:
				log.LevelLinstor = level
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Controller.SetConfig(ctx, v1.ControllerConfig{Log: log}, c.Opts()...))
		},
	}
}

func version() *cli.Command {
	return &cli.Command{
		Name: "version", Aliases: []string{"v"}, Short: "Prints the controller's version.",
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			v, err := api.Controller.Version(ctx)
			if err != nil {
				return err
			}
			if c.G.Machine {
				return c.PrintJSONLine(v)
			}
			c.Printf("linstor controller %s; GIT-hash: %s\n", v.Version, v.GitHash)
			return nil
		},
	}
}

func which() *cli.Command {
	return &cli.Command{
		Name: "which", Short: "Prints which controller is used.",
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			if !c.G.Curl {
				if _, err := api.Controller.Version(ctx); err != nil {
					return err
				}
			}
			uri := api.Endpoint().String()
			if c.G.Machine {
				return c.PrintJSONLine(map[string]string{"controller_uri": uri})
			}
			c.Printf("%s\n", uri)
			return nil
		},
	}
}

func backup() *cli.Command {
	return &cli.Command{
		Name: "backupdb", Aliases: []string{"bakdb"}, Short: "Writes a copy of the controller's database.",
		Args: func(s *args.Spec) { s.Pos("backup_name", "name of the copy") },
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Controller.BackupDatabase(ctx, c.V.Str("backup_name"), c.Opts()...))
		},
	}
}

func queryMaxVolumeSize() *cli.Command {
	return &cli.Command{
		Name: "query-max-volume-size", Aliases: []string{"qmvs"}, Short: "Prints the largest possible volume per storage pool.",
		Args: func(s *args.Spec) {
			s.Opt("--storage-pool,-s", "only this storage pool")
			s.Opt("--do-not-place-with", "avoid nodes that have one of these resources").Many()
			s.Opt("--do-not-place-with-regex", "avoid nodes that have a resource that matches")
			s.Opt("--replicas-on-same", "nodes with the same value of these Aux properties").Many()
			s.Opt("--replicas-on-different", "nodes with different values of these Aux properties").Many()
			s.Opt("--x-replicas-on-different", "pairs of an Aux property and the replicas allowed per value").Any()
			cli.Pastable(s)
			s.Pos("replica_count", "number of replicas").Range(1, 1<<15)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			filter, err := c.SelectFilter("replica_count")
			if err != nil {
				return err
			}
			filter.StoragePoolList, filter.StoragePool = nil, c.V.Str("storage-pool")
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) (v1.MaxVolumeSizes, error) {
				return api.Controller.QueryMaxVolumeSize(ctx, *filter, o...)
			}, nil, func(m v1.MaxVolumeSizes) error { return resourcegroup.ShowMaxSizes(c, m) })
		},
	}
}
