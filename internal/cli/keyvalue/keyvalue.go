// Package keyvalue holds the commands of the key-value store.
package keyvalue

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object key-value-store.
func Command() *cli.Command {
	return &cli.Command{Name: "key-value-store", Aliases: []string{"kv"}, Short: "Keeps small data of other programs.",
		Sub: []*cli.Command{list(), show(), modify()}}
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the instances.", Args: cli.Pastable,
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.KeyValueStore, error) {
				return api.KeyValues.List(ctx, o...)
			}, nil, func(list []v1.KeyValueStore) error {
				t := c.Table().Columns("Name")
				for _, kv := range list {
					t.Strings(kv.Name)
				}
				return t.GroupBy().Render(c.Env.Out)
			})
		},
	}
}

func show() *cli.Command {
	return &cli.Command{
		Name: "show", Aliases: []string{"s"}, Short: "Prints the keys of an instance.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("instance", "name of the instance")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			list, err := api.KeyValues.List(ctx)
			if err != nil {
				return err
			}
			for _, kv := range list {
				if cli.SameName(kv.Name, c.V.Str("instance")) {
					return c.ShowProps(kv.Props)
				}
			}
			// An instance exists as soon as it has a key, so one without is just empty.
			return c.ShowProps(nil)
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Sets a key; without a value the key is removed.",
		Args: func(s *args.Spec) {
			s.Pos("instance", "name of the instance")
			s.Pos("key", "key")
			s.Pos("value", "new value; none removes the key").Maybe()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			m := v1.KeyValueStoreModify{OverrideProps: map[string]string{c.V.Str("key"): c.V.Str("value")}}
			if c.V.Str("value") == "" {
				m = v1.KeyValueStoreModify{DeleteProps: []string{c.V.Str("key")}}
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.KeyValues.Modify(ctx, c.V.Str("instance"), m, c.Opts()...))
		},
	}
}
