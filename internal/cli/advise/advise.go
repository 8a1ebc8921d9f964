// Package advise holds the commands that look for weak points: too few replicas,
// a missing tiebreaker, a diskless resource in use where a disk could be. It looks
// at lists alone and changes nothing; the fix it names is a command for the user.
package advise

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object advise.
func Command() *cli.Command {
	return &cli.Command{Name: "advise", Aliases: []string{"adv"}, Short: "Looks for weak points.",
		Sub: []*cli.Command{
			{Name: "resource", Aliases: []string{"r"}, Short: "Looks at the resources as they are.", Args: adviseArgs,
				Run: func(ctx context.Context, c *cli.Call) error {
					return run(ctx, c, resourceIssues)
				}},
			{Name: "maintenance", Aliases: []string{"m"}, Short: "Looks at what would be left if a node were away.", Args: func(s *args.Spec) {
				adviseArgs(s)
				s.Pos("node", "name of the node")
			}, Run: func(ctx context.Context, c *cli.Call) error {
				return run(ctx, c, func(prog string, s state) []issue { return maintenanceIssues(prog, s, c.V.Str("node")) })
			}},
		}}
}

func adviseArgs(s *args.Spec) {
	s.Opt("-f,--filter", "only these issues").Many().Choose(singleReplica, splitBrain, disklessInUse, tooFew, tooMany, noTiebreaker)
	s.Opt("-r,--resources", "only these resources").Many()
	cli.Pastable(s)
}

func run(ctx context.Context, c *cli.Call, find func(prog string, s state) []issue) error {
	s, err := read(ctx, c)
	if err != nil {
		return err
	}
	wanted := c.V.List("filter")
	list := []issue{}
	for _, i := range find(c.Prog(), s) {
		if len(wanted) == 0 || cli.HasFlag(wanted, i.kind) {
			list = append(list, i)
		}
	}
	if c.G.Machine {
		return c.PrintJSON(list)
	}
	t := c.Table().Columns("Resource", "Issue", "Possible_fix")
	for _, i := range list {
		t.Strings(i.Resource, i.What, i.Fix)
	}
	return t.Render(c.Env.Out)
}

func read(ctx context.Context, c *cli.Call) (state, error) {
	var s state
	api, err := c.API()
	if err != nil {
		return s, err
	}
	names := c.V.List("resources")
	if s.definitions, err = api.ResourceDefinitions.List(ctx, client.Filter("resource_definitions", names...)); err != nil {
		return s, err
	}
	if s.groups, err = api.ResourceGroups.List(ctx); err != nil {
		return s, err
	}
	if s.resources, err = api.Resources.View(ctx, client.Filter("resources", names...)); err != nil {
		return s, err
	}
	s.pools, err = api.StoragePools.View(ctx)
	return s, err
}

// state is what the rules look at.
type state struct {
	definitions []v1.ResourceDefinition
	groups      []v1.ResourceGroup
	resources   []v1.ResourceWithVolumes
	pools       []v1.StoragePool
}
