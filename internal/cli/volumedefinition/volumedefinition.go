// Package volumedefinition holds the commands of volume definitions.
package volumedefinition

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// Command is the object volume-definition.
func Command() *cli.Command {
	return &cli.Command{
		Name: "volume-definition", Aliases: []string{"vd"}, Short: "Manages the volumes of resource definitions.",
		Sub: []*cli.Command{create(), remove(), list(), listProperties(), setProperty(), options(), setSize(), passphrase()},
	}
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Adds a volume to a resource definition.",
		Args: func(s *args.Spec) {
			s.Opt("--storage-pool,-s", "storage pool of the volume")
			s.Opt("-n,--vlmnr", "volume number").Range(0, 65534)
			s.Opt("-m,--minor", "DRBD minor number").Range(0, 1048575)
			s.Flag("--encrypt", "encrypt the volume")
			s.Flag("--gross", "the size is that of the storage, metadata included")
			s.Opt("--passphrase", "passphrase of an encrypted volume; asked for when it is left out").Maybe().Secret()
			s.Pos("resource_name", "name of the resource definition")
			s.Pos("size", "size of the volume, in GiB unless a unit is given")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			size, err := cli.SizeArg(c.V.Str("size"))
			if err != nil {
				return err
			}
			d := &v1.VolumeDefinition{SizeKiB: size, VolumeNumber: c.V.Int32("vlmnr")}
			if c.V.Bool("encrypt") {
				d.Flags = append(d.Flags, "ENCRYPTED")
			}
			if c.V.Bool("gross") {
				d.Flags = append(d.Flags, "GROSS_SIZE")
			}
			if p := c.V.Str("storage-pool"); p != "" {
				d.Props = map[string]string{"StorPoolName": p}
			}
			secret, _, err := c.Secret("passphrase", "Passphrase: ")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.VolumeDefinitions.Create(ctx, c.V.Str("resource_name"),
				v1.VolumeDefinitionCreate{VolumeDefinition: d, DRBDMinorNumber: c.V.Int32("minor"), Passphrase: secret}, c.Opts()...))
		},
	}
}

func object(name string) []cli.Positional {
	return []cli.Positional{cli.Pos(name, "name of the resource definition")}
}

func number(c *cli.Call) int32 { return int32(c.V.Int("volume_nr")) }

func withNumber(cmd *cli.Command) *cli.Command {
	rest := cmd.Args
	cmd.Args = func(s *args.Spec) {
		rest(s)
		cli.InsertNumber(s, 1, "volume_nr")
	}
	return cmd
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a volume with its data.",
		Args: func(s *args.Spec) {
			s.Flag("--async", "kept for old scripts").Hide()
			s.Pos("resource_name", "name of the resource definition")
			cli.InsertNumber(s, 1, "volume_nr")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.VolumeDefinitions.Delete(ctx, c.V.Str("resource_name"), number(c), c.Opts()...))
		},
	}
}

func setSize() *cli.Command {
	return &cli.Command{
		Name: "set-size", Aliases: []string{"size"}, Short: "Changes the size of a volume.",
		Args: func(s *args.Spec) {
			s.Flag("--gross", "the size is that of the storage, metadata included")
			s.Pos("resource_name", "name of the resource definition")
			cli.InsertNumber(s, 1, "volume_nr")
			s.Pos("size", "new size, in GiB unless a unit is given")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			size, err := cli.SizeArg(c.V.Str("size"))
			if err != nil {
				return err
			}
			m := v1.VolumeDefinitionModify{SizeKiB: &size}
			if c.V.Bool("gross") {
				m.Flags = []string{"GROSS_SIZE"}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.VolumeDefinitions.Modify(ctx, c.V.Str("resource_name"), number(c), m, c.Opts()...))
		},
	}
}

func passphrase() *cli.Command {
	return &cli.Command{
		Name: "modify-passphrase", Aliases: []string{"mp"}, Short: "Changes the passphrase of an encrypted volume.",
		Args: func(s *args.Spec) {
			s.Pos("resource_name", "name of the resource definition")
			cli.InsertNumber(s, 1, "volume_nr")
			s.Pos("new_passphrase", "new passphrase; asked for when it is missing").Maybe().Secret()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret := c.V.Str("new_passphrase")
			if secret == "" {
				var err error
				if secret, err = c.Env.ReadPassword("New passphrase: "); err != nil {
					return err
				}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.VolumeDefinitions.SetPassphrase(ctx, c.V.Str("resource_name"), number(c),
				v1.VolumeDefinitionModifyPassphrase{NewPassphrase: secret}, c.Opts()...))
		},
	}
}

func change(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
	return api.VolumeDefinitions.Modify(ctx, c.V.Str("resource_name"), number(c),
		v1.VolumeDefinitionModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
}

func setProperty() *cli.Command { return withNumber(cli.SetProperty(object("resource_name"), change)) }

func options() *cli.Command {
	return withNumber(cli.DRBDOptions("drbd-options", "opt", object("resource_name"), []cli.Section{cli.SectionDisk}, change))
}

func definitions(ctx context.Context, names []string) func(*client.Client, ...client.Option) ([]v1.ResourceDefinition, error) {
	return func(api *client.Client, o ...client.Option) ([]v1.ResourceDefinition, error) {
		return api.ResourceDefinitions.List(ctx, append(o, client.Filter("resource_definitions", names...), client.WithVolumeDefinitions())...)
	}
}

func listProperties() *cli.Command {
	return withNumber(cli.ListProperties(object("resource_definition"), false, func(ctx context.Context, c *cli.Call) (map[string]string, error) {
		name := c.V.Str("resource_definition")
		list, _, err := cli.Read(c, definitions(ctx, []string{name}))
		if err != nil {
			return nil, err
		}
		d, err := cli.One(list, "Resource definition", name, func(d v1.ResourceDefinition) string { return d.Name })
		if err != nil {
			return nil, err
		}
		for _, v := range d.VolumeDefinitions {
			if v.VolumeNumber != nil && *v.VolumeNumber == number(c) {
				return v.Props, nil
			}
		}
		return nil, cli.Exitf(cli.ExitNotFound, "Volume definition %d of resource '%s' not found on controller.", number(c), name)
	}))
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the volume definitions.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "resourcename", "volumenr", "volumeminor", "size", "gross", "state")
			s.Opt("-r,--resource-definitions", "only of these definitions").Many()
			s.Flag("-e,--external-name", "add a column with the name given by the user")
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, definitions(ctx, c.V.List("resource-definitions")),
				resourcedefinition.Legacy, func(list []v1.ResourceDefinition) error { return show(c, list) })
		},
	}
}

func show(c *cli.Call, list []v1.ResourceDefinition) error {
	external := c.V.Bool("external-name")
	t := c.Table().Columns("ResourceName")
	if external {
		t.Columns("External")
	}
	t.Columns("VolumeNr", "VolumeMinor", "Size", "Gross", "State")
	c.PropColumns(t)
	for _, d := range list {
		for _, v := range d.VolumeDefinitions {
			cells := []table.Cell{table.Text(d.Name)}
			if external {
				cells = append(cells, table.Text(d.ExternalName))
			}
			nr, gross := "", ""
			if v.VolumeNumber != nil {
				nr = fmt.Sprint(*v.VolumeNumber)
			}
			if cli.HasFlag(v.Flags, "GROSS_SIZE") {
				gross = "+"
			}
			cells = append(cells, table.Text(nr), table.Text(minor(v)), table.Text(cli.FormatSize(v.SizeKiB)), table.Text(gross), state(v.Flags))
			t.Row(append(cells, c.PropCells(v.Props)...)...)
		}
	}
	return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
}

func minor(v v1.VolumeDefinition) string {
	for _, l := range v.LayerData {
		if data, ok := l.Data.(map[string]any); ok && l.Type == v1.LayerTypeDrbd {
			if n, ok := data["minor_number"].(float64); ok {
				return fmt.Sprintf("%.0f", n)
			}
		}
	}
	return ""
}

func state(flags []string) table.Cell {
	switch {
	case cli.HasFlag(flags, "DELETE"):
		return table.Colored("DELETING", table.Red)
	case cli.HasFlag(flags, "RESIZE"):
		return table.Colored("resizing", table.DarkPink)
	}
	return table.Colored("ok", table.Green)
}
