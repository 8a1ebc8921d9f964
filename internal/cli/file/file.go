// Package file holds the commands of external files.
package file

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object file.
func Command() *cli.Command {
	return &cli.Command{Name: "file", Aliases: []string{"f"}, Short: "Manages files that are written with resources.",
		Sub: []*cli.Command{list(), show(), modify(), remove(),
			place("deploy", "dep", "Writes a file wherever a resource is.", func(ctx context.Context, api *client.Client, res, file string, o ...client.Option) (*client.Reply, error) {
				return api.ResourceDefinitions.DeployFile(ctx, res, file, o...)
			}),
			place("undeploy", "und", "Stops writing a file with a resource.", func(ctx context.Context, api *client.Client, res, file string, o ...client.Option) (*client.Reply, error) {
				return api.ResourceDefinitions.UndeployFile(ctx, res, file, o...)
			}),
		}}
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the files.", Args: cli.Pastable,
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ExternalFile, error) {
				return api.Files.List(ctx, o...)
			}, nil, func(l []v1.ExternalFile) error {
				t := c.Table().Columns("Path")
				for _, f := range l {
					t.Strings(f.Path)
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func name(s *args.Spec) { s.Pos("file_name", "path of the file") }

func content(ctx context.Context, c *cli.Call, api *client.Client) ([]byte, error) {
	f, err := api.Files.Get(ctx, c.V.Str("file_name"))
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(f.Content)
	if err != nil {
		return nil, fmt.Errorf("content of %s: %w", f.Path, err)
	}
	return text, nil
}

func show() *cli.Command {
	return &cli.Command{
		Name: "show", Aliases: []string{"s"}, Short: "Prints the content of a file.", Args: name,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			text, err := content(ctx, c, api)
			if err != nil {
				return err
			}
			_, err = c.Env.Out.Write(text)
			return err
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify", Aliases: []string{"m"}, Short: "Changes a file in an editor, or takes its content from standard input.", Args: name,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			text, err := newContent(ctx, c, api)
			if err != nil {
				return err
			}
			f := v1.ExternalFile{Path: c.V.Str("file_name"), Content: base64.StdEncoding.EncodeToString(text)}
			return c.Change(api.Files.Modify(ctx, f.Path, f, c.Opts()...))
		},
	}
}

func newContent(ctx context.Context, c *cli.Call, api *client.Client) ([]byte, error) {
	if !c.Env.InTTY {
		return io.ReadAll(c.Env.In)
	}
	old, err := content(ctx, c, api)
	if err != nil && !client.IsNotFound(err) {
		return nil, err
	}
	text, err := c.Env.Edit(old)
	if err == nil && bytes.Equal(old, text) && len(old) > 0 {
		return nil, &cli.Exit{Msg: "Nothing was changed."}
	}
	return text, err
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a file.", Args: name,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Files.Delete(ctx, c.V.Str("file_name"), c.Opts()...))
		},
	}
}

func place(verb, alias, short string, do func(context.Context, *client.Client, string, string, ...client.Option) (*client.Reply, error)) *cli.Command {
	return &cli.Command{
		Name: verb, Aliases: []string{alias}, Short: short,
		Args: func(s *args.Spec) {
			name(s)
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(do(ctx, api, c.V.Str("resource_name"), c.V.Str("file_name"), c.Opts()...))
		},
	}
}
