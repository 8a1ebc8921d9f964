package snapshot

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

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the snapshots.",
		Args: func(s *args.Spec) {
			s.Opt("-r,--resources", "only of these resources").Many()
			s.Opt("-n,--nodes", "only on these nodes").Many()
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.Snapshot, error) {
				return api.Snapshots.View(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...),
					client.Filter("resources", c.V.List("resources")...))...)
			}, legacy, func(list []v1.Snapshot) error {
				t := c.Table().Columns("ResourceName", "SnapshotName", "NodeNames", "Volumes", "CreatedOn", "State")
				for _, s := range list {
					t.Row(table.Text(s.ResourceName), table.Text(s.Name), table.Text(strings.Join(s.Nodes, ", ")),
						table.Text(volumes(s)), table.Text(created(s)), state(s.Flags))
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func volumes(s v1.Snapshot) string {
	var parts []string
	for _, v := range s.VolumeDefinitions {
		parts = append(parts, fmt.Sprintf("%d: %s", v.VolumeNumber, cli.FormatSize(v.SizeKiB)))
	}
	return strings.Join(parts, ", ")
}

func created(s v1.Snapshot) string {
	for _, n := range s.Snapshots {
		if n.CreateTimestamp > 0 {
			return cli.Date(n.CreateTimestamp)
		}
	}
	return ""
}

func state(flags []string) table.Cell {
	has := func(f string) bool { return cli.HasFlag(flags, f) }
	switch {
	case has("DELETE"):
		return table.Colored("DELETING", table.Red)
	case has("FAILED_DEPLOYMENT"):
		return table.Colored("Failed", table.Red)
	case has("FAILED_DISCONNECT"):
		return table.Colored("Satellite disconnected", table.Red)
	case has("SUCCESSFUL") && has("SHIPPING"):
		return table.Colored("Shipping", table.Yellow)
	case has("SUCCESSFUL") && has("BACKUP_TARGET") && !has("SHIPPED"):
		return table.Colored("Restoring", table.Yellow)
	case has("SUCCESSFUL"):
		return table.Colored("Successful", table.Green)
	}
	return table.Colored("Incomplete", table.DarkBlue)
}

type legacySnapshot struct {
	Resource string           `json:"rsc_name"`
	Name     string           `json:"snapshot_name"`
	UUID     string           `json:"uuid"`
	Flags    []string         `json:"snapshot_dfn_flags,omitempty"`
	Nodes    []legacyNode     `json:"snapshots,omitempty"`
	Volumes  []legacyVolume   `json:"snapshot_vlm_dfns,omitempty"`
	Props    []cli.LegacyProp `json:"snapshot_dfn_props,omitempty"`
}

type legacyNode struct {
	NodeName string `json:"node_name"`
}

type legacyVolume struct {
	Number int32 `json:"vlm_nr"`
	Size   int64 `json:"vlm_size"`
}

func legacy(list []v1.Snapshot) any {
	out := []legacySnapshot{}
	for _, s := range list {
		l := legacySnapshot{Resource: s.ResourceName, Name: s.Name, UUID: s.UUID, Flags: s.Flags}
		for _, n := range s.Nodes {
			l.Nodes = append(l.Nodes, legacyNode{n})
		}
		for _, v := range s.VolumeDefinitions {
			l.Volumes = append(l.Volumes, legacyVolume{v.VolumeNumber, v.SizeKiB})
		}
		out = append(out, l)
	}
	return map[string]any{"snapshot_dfns": out}
}
