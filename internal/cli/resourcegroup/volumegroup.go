package resourcegroup

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// VolumeGroupCommand is the object volume-group.
func VolumeGroupCommand() *cli.Command {
	return &cli.Command{
		Name: "volume-group", Aliases: []string{"vg"}, Short: "Manages the volumes of resource groups.",
		Sub: []*cli.Command{createVolume(), removeVolume(), listVolumes(), volumeProperties(), setVolumeProperty(), volumeOptions()},
	}
}

func createVolume() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Adds a volume to a group.",
		Args: func(s *args.Spec) {
			s.Opt("-n,--vlmnr", "volume number").Range(0, 65534)
			s.Flag("--gross", "sizes are those of the storage, metadata included")
			s.Pos("name", "name of the group")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			v := v1.VolumeGroup{VolumeNumber: c.V.Int32("vlmnr")}
			if c.V.Bool("gross") {
				v.Flags = []string{"GROSS_SIZE"}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.CreateVolumeGroup(ctx, c.V.Str("name"), v, c.Opts()...))
		},
	}
}

func removeVolume() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a volume from a group.",
		Args: func(s *args.Spec) {
			s.Pos("name", "name of the group")
			cli.InsertNumber(s, 1, "volume_nr")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.DeleteVolumeGroup(ctx, c.V.Str("name"), volumeNr(c), c.Opts()...))
		},
	}
}

func volumeNr(c *cli.Call) int32 { return int32(c.V.Int("volume_nr")) }

func listVolumes() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the volumes of a group.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "volumenr", "flags")
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
			s.Pos("name", "name of the group")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.VolumeGroup, error) {
				return api.ResourceGroups.VolumeGroups(ctx, c.V.Str("name"), o...)
			}, nil, func(list []v1.VolumeGroup) error {
				t := c.Table().Columns("VolumeNr", "Flags")
				c.PropColumns(t)
				for _, v := range list {
					nr := ""
					if v.VolumeNumber != nil {
						nr = fmt.Sprint(*v.VolumeNumber)
					}
					t.Row(append([]table.Cell{table.Text(nr), table.Text(strings.Join(v.Flags, ", "))}, c.PropCells(v.Props)...)...)
				}
				return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
			})
		},
	}
}

func withNumber(cmd *cli.Command) *cli.Command {
	rest := cmd.Args
	cmd.Args = func(s *args.Spec) {
		rest(s)
		cli.InsertNumber(s, 1, "volume_nr")
	}
	return cmd
}

func volumeProperties() *cli.Command {
	return withNumber(cli.ListProperties(object(), false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		api, err := c.API()
		if err != nil {
			return nil, err
		}
		list, err := api.ResourceGroups.VolumeGroups(ctx, c.V.Str("name"))
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			if v.VolumeNumber != nil && *v.VolumeNumber == volumeNr(c) {
				return v.Props, nil
			}
		}
		return nil, cli.Exitf(cli.ExitNotFound, "Volume group %d of resource group '%s' not found on controller.", volumeNr(c), c.V.Str("name"))
	}))
}

func changeVolume(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
	return api.ResourceGroups.ModifyVolumeGroup(ctx, c.V.Str("name"), volumeNr(c),
		v1.VolumeGroupModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
}

func setVolumeProperty() *cli.Command { return withNumber(cli.SetProperty(object(), changeVolume)) }

func volumeOptions() *cli.Command {
	return withNumber(cli.DRBDOptions("drbd-options", "opt", object(), []cli.Section{cli.SectionDisk}, changeVolume))
}
