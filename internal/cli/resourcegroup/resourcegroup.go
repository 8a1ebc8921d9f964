// Package resourcegroup holds the commands of resource groups and volume groups.
package resourcegroup

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object resource-group.
func Command() *cli.Command {
	return &cli.Command{
		Name: "resource-group", Aliases: []string{"rg"}, Short: "Manages resource groups, the templates of resources.",
		Sub: []*cli.Command{create(), modify(), remove(), list(), listProperties(), setProperty(), options(), spawn(),
			queryMaxVolumeSize(), querySizeInfo(), adjust()},
	}
}

func groupArgs(s *args.Spec) {
	s.Opt("-d,--description", "text about the group")
	s.Opt("--peer-slots", "how many peers the DRBD metadata has room for").Range(1, 31)
	cli.SelectOptions(s, "--place-count", "-l,--layer-list", "--providers,-p")
	s.Pos("name", "name of the group")
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Makes a resource group.", Args: groupArgs,
		Run: func(ctx context.Context, c *cli.Call) error {
			filter, err := c.SelectFilter("place-count")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.Create(ctx, v1.ResourceGroup{Name: c.V.Str("name"), Description: c.V.Str("description"),
				SelectFilter: filter, PeerSlots: cli.FlexInt(c, "peer-slots")}, c.Opts()...))
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes a resource group.", Args: groupArgs,
		Run: func(ctx context.Context, c *cli.Call) error {
			filter, err := c.SelectFilter("place-count")
			if err != nil {
				return err
			}
			m := v1.ResourceGroupModify{SelectFilter: filter, PeerSlots: cli.FlexInt(c, "peer-slots")}
			if c.V.Given("description") {
				d := c.V.Str("description")
				m.Description = &d
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.Modify(ctx, c.V.Str("name"), m, c.Opts()...))
		},
	}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a resource group.",
		Args: func(s *args.Spec) { s.Pos("name", "name of the group") },
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.Delete(ctx, c.V.Str("name"), c.Opts()...))
		},
	}
}

func adjust() *cli.Command {
	return &cli.Command{
		Name: "adjust", Aliases: []string{"adj"}, Short: "Places what the resources of a group, or of all groups, lack.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("resource_group_name", "name of the group; all groups when it is missing").Maybe()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			if name := c.V.Str("resource_group_name"); name != "" {
				return c.Change(api.ResourceGroups.Adjust(ctx, name, v1.ResourceGroupAdjust{}, c.Opts()...))
			}
			return c.Change(api.ResourceGroups.AdjustAll(ctx, v1.ResourceGroupAdjust{}, c.Opts()...))
		},
	}
}

func change(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
	return api.ResourceGroups.Modify(ctx, c.V.Str("name"), v1.ResourceGroupModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
}

func object() []cli.Positional { return []cli.Positional{cli.Pos("name", "name of the group")} }

func setProperty() *cli.Command { return cli.SetProperty(object(), change) }

func options() *cli.Command {
	return cli.DRBDOptions("drbd-options", "opt", object(), cli.AllSections, change)
}

func listProperties() *cli.Command {
	return cli.ListProperties(object(), true, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		name := c.V.Str("name")
		list, _, err := cli.Read(c, func(api *client.Client, o ...client.Option) ([]v1.ResourceGroup, error) {
			return api.ResourceGroups.List(ctx, append(o, client.Filter("resource_groups", name))...)
		})
		if err != nil {
			return nil, err
		}
		g, err := cli.One(list, "Resource group", name, func(g v1.ResourceGroup) string { return g.Name })
		return g.Props, err
	})
}
