package resource

import (
	"context"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func involved() *cli.Command {
	return &cli.Command{
		Name: "involved", Aliases: []string{"inv"}, Short: "Prints all resources that have something to do with a node.",
		Args: func(s *args.Spec) {
			s.Flag("-i,--inuse", "only those in use anywhere")
			s.Flag("-d,--diskless-inuse", "only those in use by a diskless node")
			s.Opt("-m,--min-diskful", "only those with fewer replicas with a disk").Range(0, 1<<15)
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
			s.Pos("node", "name of the node")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			all, err := api.Resources.View(ctx)
			if err != nil {
				return err
			}
			list := involvedWith(all, c.V.Str("node"), func(of []v1.ResourceWithVolumes) bool { return wanted(c, of) })
			if c.G.Machine {
				return c.PrintJSON([]any{list})
			}
			return show(c, list)
		},
	}
}

// involvedWith keeps the resources whose definition has one on the node and is
// wanted.
func involvedWith(all []v1.ResourceWithVolumes, node string, wanted func([]v1.ResourceWithVolumes) bool) []v1.ResourceWithVolumes {
	byName := map[string][]v1.ResourceWithVolumes{}
	here := map[string]bool{}
	for _, r := range all {
		key := strings.ToLower(r.Name)
		byName[key] = append(byName[key], r)
		here[key] = here[key] || cli.SameName(r.NodeName, node)
	}
	out := []v1.ResourceWithVolumes{}
	for _, r := range all {
		if key := strings.ToLower(r.Name); here[key] && wanted(byName[key]) {
			out = append(out, r)
		}
	}
	return out
}

func wanted(c *cli.Call, of []v1.ResourceWithVolumes) bool {
	used, disklessUsed, diskful := false, false, int64(0)
	for _, r := range of {
		diskless := cli.HasFlag(r.Flags, "DISKLESS")
		used = used || inUse(r)
		disklessUsed = disklessUsed || inUse(r) && diskless
		if !diskless {
			diskful++
		}
	}
	switch {
	case c.V.Bool("inuse") && !used, c.V.Bool("diskless-inuse") && !disklessUsed:
		return false
	case c.V.Given("min-diskful") && diskful >= c.V.Int("min-diskful"):
		return false
	}
	return true
}

func inUse(r v1.ResourceWithVolumes) bool {
	return r.State != nil && r.State.InUse != nil && *r.State.InUse
}
