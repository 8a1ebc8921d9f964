// Package volume holds the commands of volumes, and the rules by which the state
// of a volume is shown.
package volume

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object volume.
func Command() *cli.Command {
	return &cli.Command{
		Name: "volume", Aliases: []string{"v"}, Short: "Shows volumes and sets their properties.",
		Sub: []*cli.Command{List("list", "l", true), listProperties(), setProperty()},
	}
}

func object() []cli.Positional {
	return []cli.Positional{cli.Pos("node_name", "name of the node"), cli.Pos("resource_name", "name of the resource")}
}

func setProperty() *cli.Command {
	cmd := cli.SetProperty(object(), func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
		return api.Resources.ModifyVolume(ctx, c.V.Str("resource_name"), c.V.Str("node_name"), int32(c.V.Int("volume_number")),
			v1.VolumeModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
	})
	return withNumber(cmd)
}

// withNumber puts the volume number behind the two names.
func withNumber(cmd *cli.Command) *cli.Command {
	rest := cmd.Args
	cmd.Args = func(s *args.Spec) {
		rest(s)
		cli.InsertNumber(s, 2, "volume_number")
	}
	return cmd
}

func listProperties() *cli.Command {
	return withNumber(cli.ListProperties(object(), false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		api, err := c.API()
		if err != nil {
			return nil, err
		}
		node, res := c.V.Str("node_name"), c.V.Str("resource_name")
		list, err := api.Resources.View(ctx, client.Filter("nodes", node), client.Filter("resources", res))
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if !cli.SameName(r.Name, res) || !cli.SameName(r.NodeName, node) {
				continue
			}
			for _, v := range r.Volumes {
				if int64(v.VolumeNumber) == c.V.Int("volume_number") {
					return v.Props, nil
				}
			}
		}
		return nil, cli.Exitf(cli.ExitNotFound, "Volume %d of resource '%s' on node '%s' not found on controller.", c.V.Int("volume_number"), res, node)
	}))
}
