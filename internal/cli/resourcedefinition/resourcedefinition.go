// Package resourcedefinition holds the commands of resource definitions.
package resourcedefinition

import (
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/resource"
)

// Command is the object resource-definition.
func Command() *cli.Command {
	return &cli.Command{
		Name: "resource-definition", Aliases: []string{"rd"}, Short: "Manages resource definitions.",
		Sub: []*cli.Command{create(), autoPlace(), modify(), remove(), clone(), waitSync(), list(), listProperties(), setProperty(), options()},
	}
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Makes a resource definition.",
		Args: func(s *args.Spec) {
			s.Opt("-p,--port", "preferred DRBD port").Range(1, 65535)
			s.Opt("-e,--external-name", "name given by the user; a valid name is made of it")
			s.Opt("-l,--layer-list", "layers from top to bottom, such as drbd,luks,storage")
			s.Opt("--peer-slots", "how many peers the DRBD metadata has room for").Range(1, 31)
			s.Opt("--resource-group", "resource group to belong to")
			s.Pos("name", "name of the new definition").Maybe()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			if c.V.Str("name") == "" && c.V.Str("external-name") == "" {
				return cli.Usagef("%s resource-definition create: error: the name or --external-name is required", c.Prog())
			}
			layers, err := c.Layers("layer-list")
			if err != nil {
				return err
			}
			d := &v1.ResourceDefinition{Name: c.V.Str("name"), ExternalName: c.V.Str("external-name"), ResourceGroupName: c.V.Str("resource-group")}
			for _, l := range layers {
				d.LayerData = append(d.LayerData, v1.ResourceDefinitionLayer{Type: l})
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceDefinitions.Create(ctx, v1.ResourceDefinitionCreate{
				ResourceDefinition: d, DRBDPort: c.V.Int32("port"), DRBDPeerSlots: cli.FlexInt(c, "peer-slots"),
			}, c.Opts()...))
		},
	}
}

func autoPlace() *cli.Command {
	return &cli.Command{
		Name: "auto-place", Aliases: []string{"ap"}, Short: "Places replicas on the nodes that suit best.",
		Args: func(s *args.Spec) {
			cli.SelectOptions(s, "--place-count", "-l,--layer-list", "--providers,-p")
			s.Flag("--nvme-initiator", "as NVMe initiators")
			s.Flag("--drbd-diskless", "as diskless DRBD resources")
			s.Pos("resource_definition_name", "name of the definition")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			filter, err := c.SelectFilter("place-count")
			if err != nil {
				return err
			}
			return resource.AutoPlace(ctx, c, c.V.Str("resource_definition_name"), filter)
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes a resource definition.",
		Args: func(s *args.Spec) {
			s.Opt("--peer-slots", "how many peers the DRBD metadata of new replicas has room for").Range(1, 31)
			s.Opt("-p,--port", "preferred DRBD port").Range(1, 65535)
			s.Opt("--resource-group", "resource group to move to")
			s.Pos("name", "name of the definition")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceDefinitions.Modify(ctx, c.V.Str("name"), v1.ResourceDefinitionModify{
				DRBDPort: c.V.Int32("port"), DRBDPeerSlots: cli.FlexInt(c, "peer-slots"), ResourceGroup: c.V.Str("resource-group"),
			}, c.Opts()...))
		},
	}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes resource definitions with all their resources and data.",
		Args: func(s *args.Spec) {
			s.Flag("--async", "kept for old scripts").Hide()
			s.Pos("name", "names of the definitions").Many()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Each(c.V.List("name"), func(name string) (*client.Reply, error) {
				return api.ResourceDefinitions.Delete(ctx, name, c.Opts()...)
			})
		},
	}
}

func waitSync() *cli.Command {
	return &cli.Command{
		Name: "wait-sync", Aliases: []string{"ws"}, Short: "Waits until all replicas are up to date.",
		Args: func(s *args.Spec) {
			s.Opt("--wait-timeout", "give up after so many seconds").Range(0, 1<<31-1)
			s.Pos("resource_name", "name of the definition")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			done, err := poll(c, func() (bool, error) {
				st, err := api.ResourceDefinitions.SyncStatus(ctx, c.V.Str("resource_name"))
				return st.SyncedOnAll, err
			})
			if err == nil && !done {
				return cli.Exitf(cli.ExitTimeout, "Error: Timeout while waiting for resource '%s' to be in sync", c.V.Str("resource_name"))
			}
			return err
		},
	}
}

const pollInterval = time.Second

// poll asks until it is done or --wait-timeout is over.
func poll(c *cli.Call, ask func() (bool, error)) (bool, error) {
	var limit time.Duration
	if c.V.Given("wait-timeout") {
		limit = time.Duration(c.V.Int("wait-timeout")) * time.Second
	}
	start := c.Env.Now()
	for {
		done, err := ask()
		if done || err != nil {
			return done, err
		}
		if limit > 0 && c.Env.Now().Sub(start) >= limit {
			return false, nil
		}
		c.Env.Sleep(pollInterval)
	}
}

func setProperty() *cli.Command {
	return cli.SetProperty([]cli.Positional{cli.Pos("name", "name of the definition")},
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return change(ctx, c, api, p, "name")
		})
}

func options() *cli.Command {
	return cli.DRBDOptions("drbd-options", "opt", []cli.Positional{cli.Pos("resource_name", "name of the definition")}, cli.AllSections,
		func(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch) (*client.Reply, error) {
			return change(ctx, c, api, p, "resource_name")
		})
}

func change(ctx context.Context, c *cli.Call, api *client.Client, p cli.PropsPatch, name string) (*client.Reply, error) {
	return api.ResourceDefinitions.Modify(ctx, c.V.Str(name), v1.ResourceDefinitionModify{OverrideProps: p.Override, DeleteProps: p.Delete}, c.Opts()...)
}

func listProperties() *cli.Command {
	return cli.ListProperties([]cli.Positional{cli.Pos("resource_name", "name of the definition")}, true,
		func(ctx context.Context, c *cli.Call) (map[string]string, error) {
			name := c.V.Str("resource_name")
			list, _, err := cli.Read(c, func(api *client.Client, o ...client.Option) ([]v1.ResourceDefinition, error) {
				return api.ResourceDefinitions.List(ctx, append(o, client.Filter("resource_definitions", name))...)
			})
			if err != nil {
				return nil, err
			}
			d, err := cli.One(list, "Resource definition", name, func(d v1.ResourceDefinition) string { return d.Name })
			return d.Props, err
		})
}
