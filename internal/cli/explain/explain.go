// Package explain holds the command that tells why things are as they are: where a
// resource would be placed and why, and what keeps a resource or node from being
// in order. It shows what the controller says and decides nothing itself.
package explain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/resourcegroup"
)

// Command is the object explain.
func Command() *cli.Command {
	return &cli.Command{
		Name: "explain", Short: "Tells why something is as it is, or where a resource would be placed.",
		Sub: []*cli.Command{placement(),
			about("resource", "Tells what is the matter with a resource.", func(ctx context.Context, api *client.Client, name string) (json.RawMessage, error) {
				return api.Explain.Resource(ctx, name)
			}),
			about("node", "Tells what is the matter with a node.", func(ctx context.Context, api *client.Client, name string) (json.RawMessage, error) {
				return api.Explain.Node(ctx, name)
			}),
		},
	}
}

func placement() *cli.Command {
	return &cli.Command{
		Name: "placement", Short: "Tells where a group's next resource would be placed, and why not elsewhere.",
		Args: func(s *args.Spec) {
			s.Opt("-g,--resource-group", "the group (default: DfltRscGrp)").Or("DfltRscGrp")
			cli.SelectOptions(s, "--place-count", "-l,--layer-list", "--providers,--prov")
			s.Pos("volume_sizes", "sizes of the volumes, in GiB unless a unit is given").Any()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			req, err := resourcegroup.SpawnRequest(c)
			if err != nil {
				return err
			}
			// The name is not used up: it is a dry run.
			req.ResourceDefinitionName = "explain"
			req.Partial = true
			c.G.DryRun = true
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.Spawn(ctx, c.V.Str("resource-group"), req, c.Opts()...))
		},
	}
}

func about(kind, short string, get func(context.Context, *client.Client, string) (json.RawMessage, error)) *cli.Command {
	return &cli.Command{
		Name: kind, Short: short,
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("name", "name of the "+kind)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			raw, err := get(ctx, api, c.V.Str("name"))
			if err != nil {
				return err
			}
			if c.G.Machine {
				return c.PrintJSON(raw)
			}
			return rows(c, raw)
		},
	}
}

// rows shows a list of flat objects as a table, with the columns in the order that
// the objects have them in; anything else is printed as JSON.
func rows(c *cli.Call, raw json.RawMessage) error {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return c.PrintJSON(raw)
	}
	if len(list) == 0 {
		c.Printf("Everything is in order.\n")
		return nil
	}
	var columns []string
	parsed := make([]map[string]any, len(list))
	for i, one := range list {
		if err := json.Unmarshal(one, &parsed[i]); err != nil {
			return c.PrintJSON(raw)
		}
		keys, err := keyOrder(one)
		if err != nil {
			return c.PrintJSON(raw)
		}
		columns = merge(columns, keys)
	}
	t := c.Table().Columns(columns...)
	for _, row := range parsed {
		var cells []string
		for _, k := range columns {
			cells = append(cells, text(row[k]))
		}
		t.Strings(cells...)
	}
	return t.Render(c.Env.Out)
}

// merge adds the keys of a row that are new, each before the known one that it was
// written before.
func merge(columns, keys []string) []string {
	at := len(columns)
	for _, k := range slices.Backward(keys) {
		if i := slices.Index(columns, k); i >= 0 {
			at = i
			continue
		}
		columns = slices.Insert(columns, at, k)
	}
	return columns
}

// keyOrder gives an object's keys as they were written.
func keyOrder(raw json.RawMessage) ([]string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("row: %w", err)
	}
	var keys []string
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("row: %w", err)
		}
		keys = append(keys, fmt.Sprint(k))
		var skip json.RawMessage
		if err := dec.Decode(&skip); err != nil {
			return nil, fmt.Errorf("row: %w", err)
		}
	}
	return keys, nil
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []any:
		lines := make([]string, 0, len(v))
		for _, e := range v {
			lines = append(lines, text(e))
		}
		return strings.Join(lines, "\n")
	case map[string]any:
		lines := make([]string, 0, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, k+"="+text(v[k]))
		}
		return strings.Join(lines, "\n")
	default:
		return fmt.Sprint(v)
	}
}
