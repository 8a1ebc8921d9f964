package node

import (
	"context"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func info() *cli.Command {
	return &cli.Command{
		Name: "info", Short: "Prints which providers and layers the nodes support.",
		Args: func(s *args.Spec) {
			s.Flag("-f,--full", "tell why something is not supported")
			s.Opt("-n,--nodes", "only these nodes").Many()
			cli.Pastable(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.Node, error) {
				return api.Nodes.List(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...))...)
			}, nil, func(nodes []v1.Node) error { return showInfo(c, nodes) })
		},
	}
}

// support is one column: any of the kinds makes it a plus.
type support struct {
	title string
	kinds []string
}

func providerColumns() []support {
	return []support{
		{"Diskless", []string{"DISKLESS"}}, {"LVM", []string{"LVM"}}, {"LVMThin", []string{"LVM_THIN"}},
		{"ZFS/Thin", []string{"ZFS", "ZFS_THIN"}}, {"File/Thin", []string{"FILE", "FILE_THIN"}}, {"SPDK", []string{"SPDK"}},
		{"Remote_SPDK", []string{"REMOTE_SPDK"}}, {"Storage_Spaces", []string{"STORAGE_SPACES"}},
		{"Storage_Spaces/Thin", []string{"STORAGE_SPACES_THIN"}},
	}
}

func layerColumns() []support {
	return []support{
		{"DRBD", []string{"DRBD"}}, {"LUKS", []string{"LUKS"}}, {"NVMe", []string{"NVME"}}, {"Cache", []string{"CACHE"}},
		{"BCache", []string{"BCACHE"}}, {"WriteCache", []string{"WRITECACHE"}}, {"Storage", []string{"STORAGE"}},
	}
}

func showInfo(c *cli.Call, nodes []v1.Node) error {
	var shown []v1.Node
	for _, n := range nodes {
		if t := strings.ToUpper(n.Type); t == "SATELLITE" || t == "COMBINED" {
			shown = append(shown, n)
		}
	}
	err := infoTable(c, shown, providerColumns(), func(n v1.Node) ([]string, map[string][]string) {
		return texts(n.StorageProviders), n.UnsupportedProviders
	})
	if err != nil {
		return err
	}
	c.Printf("\n")
	return infoTable(c, shown, layerColumns(), func(n v1.Node) ([]string, map[string][]string) {
		return texts(n.ResourceLayers), n.UnsupportedLayers
	})
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func infoTable(c *cli.Call, nodes []v1.Node, columns []support, of func(v1.Node) ([]string, map[string][]string)) error {
	t := c.Table().Columns("Node")
	for _, col := range columns {
		t.Columns(col.title)
	}
	for _, n := range nodes {
		have, _ := of(n)
		cells := []table.Cell{table.Text(n.Name)}
		for _, col := range columns {
			cell := table.Colored("-", table.Red)
			for _, k := range col.kinds {
				if cli.HasFlag(have, k) {
					cell = table.Colored("+", table.Lime)
				}
			}
			cells = append(cells, cell)
		}
		t.Row(cells...)
	}
	if err := t.Render(c.Env.Out); err != nil {
		return err
	}
	if c.V.Bool("full") {
		reasons(c, nodes, columns, of)
	}
	return nil
}

func reasons(c *cli.Call, nodes []v1.Node, columns []support, of func(v1.Node) ([]string, map[string][]string)) {
	for _, n := range nodes {
		if !strings.EqualFold(n.ConnectionStatus, "ONLINE") {
			c.Printf("%s:\n  %s\n", n.Name, c.Paint("NODE IS OFFLINE!", table.Red))
			continue
		}
		_, missing := of(n)
		if len(missing) == 0 {
			continue
		}
		c.Printf("%s:\n", n.Name)
		for _, col := range columns {
			for _, k := range col.kinds {
				if list := missing[k]; len(list) > 0 {
					c.Printf("  %s:\n    %s\n", k, strings.Join(list, "\n    "))
				}
			}
		}
	}
}
