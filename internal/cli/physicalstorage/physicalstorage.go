// Package physicalstorage holds the commands of unused block devices.
package physicalstorage

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// Command is the object physical-storage.
func Command() *cli.Command {
	return &cli.Command{Name: "physical-storage", Aliases: []string{"ps"}, Short: "Finds unused devices and makes pools of them.",
		Sub: []*cli.Command{list(), createPool()}}
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the unused devices of all nodes.",
		Args: cli.Pastable,
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.PhysicalStorage, error) {
				return api.PhysicalStorage.List(ctx, o...)
			}, nil, func(list []v1.PhysicalStorage) error {
				t := c.Table().Columns("Size", "Rotational", "Nodes")
				for _, p := range list {
					rotational := "False"
					if p.Rotational {
						rotational = "True"
					}
					t.Strings(fmt.Sprint(p.Size), rotational, nodesText(p.Nodes))
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func nodesText(nodes map[string][]v1.PhysicalStorageDevice) string {
	var lines []string
	for _, node := range slices.SortedFunc(maps.Keys(nodes), table.Natural) {
		var devices []string
		for _, d := range nodes[node] {
			text := d.Device
			var ids []string
			for _, id := range []string{d.Serial, d.WWN} {
				if id != "" {
					ids = append(ids, id)
				}
			}
			if len(ids) > 0 {
				text += "(" + strings.Join(ids, ",") + ")"
			}
			devices = append(devices, text)
		}
		lines = append(lines, node+"["+strings.Join(devices, ",")+"]")
	}
	return strings.Join(lines, "\n")
}

func createPool() *cli.Command {
	return &cli.Command{
		Name: "create-device-pool", Aliases: []string{"cdp"}, Short: "Makes a volume group or zpool of devices, and a storage pool of it.",
		Args: func(s *args.Spec) {
			s.Opt("--pool-name", "name of the volume group or zpool").Must()
			s.Flag("--vdo-enable", "compress and deduplicate with VDO")
			s.Opt("--vdo-logical-size", "logical size of the VDO device, in KiB unless a unit is given")
			s.Opt("--vdo-slab-size", "slab size of the VDO device, in KiB unless a unit is given")
			s.Opt("--storage-pool", "make a storage pool with this name too")
			s.Flag("--sed", "use the drives' own encryption")
			s.Opt("--pv-create-arguments", "further arguments of pvcreate").Any()
			s.Opt("--vg-create-arguments", "further arguments of vgcreate").Any()
			s.Opt("--lv-create-arguments", "further arguments of lvcreate").Any()
			s.Opt("--zpool-create-arguments", "further arguments of zpool create").Any()
			s.Pos("provider_kind", "kind of the pool").Choose("lvm", "lvmthin", "zfs", "zfsthin", "spdk").Fold()
			s.Pos("node_name", "name of the node")
			s.Pos("device_paths", "devices to use; their content is lost").Many()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			req, err := request(c)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.PhysicalStorage.Create(ctx, c.V.Str("node_name"), req, c.Opts()...))
		},
	}
}

func request(c *cli.Call) (v1.PhysicalStorageCreate, error) {
	kinds := map[string]v1.ProviderKind{"lvm": v1.ProviderKindLvm, "lvmthin": v1.ProviderKindLvmThin, "zfs": v1.ProviderKindZfs,
		"zfsthin": v1.ProviderKindZfsThin, "spdk": v1.ProviderKindSpdk}
	req := v1.PhysicalStorageCreate{
		ProviderKind: kinds[c.V.Str("provider_kind")], DevicePaths: c.V.List("device_paths"), PoolName: c.V.Str("pool-name"),
		VDOEnable: c.V.Bool("vdo-enable"), Sed: c.V.Bool("sed"),
		PVCreateArguments: c.V.List("pv-create-arguments"), VGCreateArguments: c.V.List("vg-create-arguments"),
		LVCreateArguments: c.V.List("lv-create-arguments"), ZpoolCreateArguments: c.V.List("zpool-create-arguments"),
	}
	for dest, dst := range map[string]*int64{"vdo-logical-size": &req.VDOLogicalSizeKiB, "vdo-slab-size": &req.VDOSlabSizeKiB} {
		if text := c.V.Str(dest); text != "" {
			size, err := cli.ParseSize(text, "KiB")
			if err != nil {
				return req, cli.Usagef("Error: --%s: %s", dest, err)
			}
			*dst = size
		}
	}
	if name := c.V.Str("storage-pool"); name != "" {
		req.WithStoragePool = &v1.PhysicalStorageStoragePoolCreate{Name: name}
	}
	return req, nil
}
