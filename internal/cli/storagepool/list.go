package storagepool

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the storage pools.",
		Args: func(s *args.Spec) {
			s.Opt("-g,--groupby", "columns to sort by").Many()
			s.Opt("-s,--storage-pools", "only these pools").Many()
			s.Opt("-n,--nodes", "only on these nodes").Many()
			cli.Props(s)
			cli.ShowProps(s, "--show-props")
			cli.Pastable(s)
			cli.FromFile(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.StoragePool, error) {
				return api.StoragePools.View(ctx, append(o, client.Filter("nodes", c.V.List("nodes")...),
					client.Filter("storage_pools", c.V.List("storage-pools")...), client.Filter("props", c.V.List("props")...))...)
			}, legacy, func(list []v1.StoragePool) error { return show(c, list) })
		},
	}
}

func show(c *cli.Call, list []v1.StoragePool) error {
	t := c.Table().Columns("StoragePool", "Node", "Driver", "PoolName").Right("FreeCapacity", "TotalCapacity").
		Columns("CanSnapshots", "State", "SharedName")
	c.PropColumns(t)
	var reports []v1.ApiCallRc
	for _, p := range list {
		snaps := "False"
		if p.SupportsSnapshots {
			snaps = "True"
		}
		shared := p.FreeSpaceMgrName
		if private(shared) {
			shared = ""
		}
		cells := []table.Cell{table.Text(p.StoragePoolName), table.Text(p.NodeName), table.Text(string(p.ProviderKind)),
			table.Text(p.Props[poolKey]), table.Text(capacity(p, p.FreeCapacity)), table.Text(capacity(p, p.TotalCapacity)),
			table.Text(snaps), state(p.Reports), table.Text(shared)}
		t.Row(append(cells, c.PropCells(p.Props)...)...)
		reports = append(reports, p.Reports...)
	}
	if err := t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out); err != nil {
		return err
	}
	for _, rc := range reports {
		c.ShowReply(rc)
	}
	return nil
}

func capacity(p v1.StoragePool, sizeKiB *int64) string {
	if p.ProviderKind == v1.ProviderKindDiskless || sizeKiB == nil {
		return ""
	}
	return cli.FormatSize(*sizeKiB)
}

func state(reports []v1.ApiCallRc) table.Cell {
	cell := table.Colored("Ok", table.Lime)
	for _, rc := range reports {
		switch {
		case rc.RetCode.IsError():
			return table.Colored("Error", table.Red)
		case rc.RetCode.IsWarning():
			cell = table.Colored("Warning", table.Yellow)
		}
	}
	return cell
}

type legacyPool struct {
	UUID             string           `json:"stor_pool_uuid"`
	Name             string           `json:"stor_pool_name"`
	NodeName         string           `json:"node_name"`
	FreeSpaceMgrName string           `json:"free_space_mgr_name"`
	FreeSpace        *legacySpace     `json:"free_space,omitempty"`
	Driver           string           `json:"driver"`
	StaticTraits     []cli.LegacyProp `json:"static_traits"`
	Props            []cli.LegacyProp `json:"props,omitempty"`
}

type legacySpace struct {
	Name          string `json:"stor_pool_name"`
	FreeCapacity  *int64 `json:"free_capacity"`
	TotalCapacity *int64 `json:"total_capacity"`
}

// legacyDriver is what providers were called before REST.
func legacyDriver(kind v1.ProviderKind) string {
	names := map[v1.ProviderKind]string{
		v1.ProviderKindDiskless: "DisklessDriver", v1.ProviderKindLvm: "LvmDriver", v1.ProviderKindLvmThin: "LvmThinDriver",
		v1.ProviderKindZfs: "ZfsDriver", v1.ProviderKindZfsThin: "ZfsThinDriver", v1.ProviderKindFile: "FileDriver",
		v1.ProviderKindFileThin: "FileThinDriver", v1.ProviderKindSpdk: "SpdkDriver",
	}
	if n, ok := names[kind]; ok {
		return n
	}
	return string(kind)
}

func legacy(list []v1.StoragePool) any {
	out := []legacyPool{}
	for _, p := range list {
		l := legacyPool{UUID: p.UUID, Name: p.StoragePoolName, NodeName: p.NodeName, FreeSpaceMgrName: p.FreeSpaceMgrName,
			Driver: legacyDriver(p.ProviderKind), StaticTraits: cli.LegacyProps(p.StaticTraits), Props: cli.LegacyProps(p.Props)}
		if p.FreeCapacity != nil {
			l.FreeSpace = &legacySpace{p.StoragePoolName, p.FreeCapacity, p.TotalCapacity}
		}
		if l.StaticTraits == nil {
			l.StaticTraits = []cli.LegacyProp{}
		}
		out = append(out, l)
	}
	return map[string]any{"stor_pools": out}
}
