package resourcedefinition

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
		Name: "list", Aliases: []string{"l"}, Short: "Prints the resource definitions.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "resourcename", "resourcegroup", "layers", "state")
			s.Opt("-r,--resource-definitions", "only these definitions").Many()
			s.Flag("-e,--external-name", "add a column with the name given by the user")
			cli.Props(s)
			cli.ShowProps(s, "-s,--show-props")
			s.Flag("--show-preferred-drbd-ports,--ports", "add a column with the preferred DRBD port")
			cli.Pastable(s)
			cli.FromFile(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ResourceDefinition, error) {
				return api.ResourceDefinitions.List(ctx, append(o, client.Filter("resource_definitions", c.V.List("resource-definitions")...),
					client.Filter("props", c.V.List("props")...))...)
			}, Legacy, func(list []v1.ResourceDefinition) error { return show(c, list) })
		},
	}
}

func show(c *cli.Call, list []v1.ResourceDefinition) error {
	t := c.Table().Columns("ResourceName")
	external, ports := c.V.Bool("external-name"), c.V.Bool("show-preferred-drbd-ports")
	if external {
		t.Columns("External")
	}
	if ports {
		t.Columns("Port")
	}
	t.Columns("ResourceGroup", "Layers", "State")
	c.PropColumns(t)
	for _, d := range list {
		cells := []table.Cell{table.Text(d.Name)}
		if external {
			cells = append(cells, table.Text(d.ExternalName))
		}
		if ports {
			cells = append(cells, table.Text(port(d)))
		}
		var layers []string
		for _, l := range d.LayerData {
			layers = append(layers, string(l.Type))
		}
		cells = append(cells, table.Text(d.ResourceGroupName), table.Text(strings.Join(layers, ",")), state(d.Flags))
		t.Row(append(cells, c.PropCells(d.Props)...)...)
	}
	return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
}

func state(flags []string) table.Cell {
	switch {
	case cli.HasFlag(flags, "DELETE"), cli.HasFlag(flags, "FAILED"):
		return table.Colored("DELETE", table.Red)
	case cli.HasFlag(flags, "CLONING"), cli.HasFlag(flags, "RESTORE_TARGET"):
		return table.Colored("CLONING", table.Yellow)
	}
	return table.Colored("ok", table.Green)
}

func drbdData(d v1.ResourceDefinition) map[string]any {
	for _, l := range d.LayerData {
		if data, ok := l.Data.(map[string]any); ok && l.Type == v1.LayerTypeDrbd {
			return data
		}
	}
	return nil
}

func port(d v1.ResourceDefinition) string {
	if p, ok := drbdData(d)["port"].(float64); ok && p > 0 {
		return fmt.Sprintf("%.0f", p)
	}
	return "-"
}

type legacyDefinition struct {
	Name    string           `json:"rsc_name"`
	UUID    string           `json:"rsc_dfn_uuid"`
	Volumes []legacyVolume   `json:"vlm_dfns"`
	Props   []cli.LegacyProp `json:"rsc_dfn_props,omitempty"`
	Flags   []string         `json:"rsc_dfn_flags,omitempty"`
	Port    any              `json:"rsc_dfn_port,omitempty"`
	Secret  any              `json:"rsc_dfn_secret,omitempty"`
}

type legacyVolume struct {
	Number int32            `json:"vlm_nr"`
	Size   int64            `json:"vlm_size"`
	UUID   string           `json:"vlm_dfn_uuid"`
	Flags  []string         `json:"vlm_flags,omitempty"`
	Props  []cli.LegacyProp `json:"vlm_props,omitempty"`
	Minor  any              `json:"vlm_minor,omitempty"`
}

// Legacy is a list of definitions in the v0 shape.
func Legacy(list []v1.ResourceDefinition) any {
	out := []legacyDefinition{}
	for _, d := range list {
		data := drbdData(d)
		l := legacyDefinition{Volumes: []legacyVolume{}, Name: d.Name, UUID: d.UUID, Props: cli.LegacyProps(d.Props), Flags: d.Flags, Port: data["port"], Secret: data["secret"]}
		for _, v := range d.VolumeDefinitions {
			lv := legacyVolume{Size: v.SizeKiB, UUID: v.UUID, Flags: v.Flags, Props: cli.LegacyProps(v.Props)}
			if v.VolumeNumber != nil {
				lv.Number = *v.VolumeNumber
			}
			for _, layer := range v.LayerData {
				if vd, ok := layer.Data.(map[string]any); ok && layer.Type == v1.LayerTypeDrbd {
					lv.Minor = vd["minor_number"]
				}
			}
			l.Volumes = append(l.Volumes, lv)
		}
		out = append(out, l)
	}
	return map[string]any{"rsc_dfns": out}
}
