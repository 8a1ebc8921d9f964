package resourcegroup

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

func queryMaxVolumeSize() *cli.Command {
	return &cli.Command{
		Name: "query-max-volume-size", Aliases: []string{"qmvs"}, Short: "Prints the largest possible volume per storage pool.",
		Args: func(s *args.Spec) {
			cli.Pastable(s)
			s.Pos("resource_group_name", "name of the group")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) (v1.MaxVolumeSizes, error) {
				return api.ResourceGroups.QueryMaxVolumeSize(ctx, c.V.Str("resource_group_name"), o...)
			}, nil, func(m v1.MaxVolumeSizes) error { return ShowMaxSizes(c, m) })
		},
	}
}

// ShowMaxSizes prints candidates; the controller command uses it too.
func ShowMaxSizes(c *cli.Call, m v1.MaxVolumeSizes) error {
	t := c.Table().Columns("StoragePool").Right("MaxVolumeSize").Columns("Provisioning", "Nodes")
	for _, cand := range m.Candidates {
		kind := "Thick"
		if cand.AllThin {
			kind = fmt.Sprintf("Thin, oversubscription ratio %v", m.DefaultMaxOversubscriptionRatio)
		}
		t.Strings(cand.StoragePool, cli.FormatSize(cand.MaxVolumeSizeKiB), kind, strings.Join(cand.NodeNames, "\n"))
	}
	return t.Render(c.Env.Out)
}

func querySizeInfo() *cli.Command {
	return &cli.Command{
		Name: "query-size-info", Aliases: []string{"qsi"}, Short: "Prints how large the group's next resource can be, and where it would be.",
		Args: func(s *args.Spec) {
			cli.SelectOptions(s, "--place-count", "-l,--layer-list", "--providers,--prov")
			cli.Pastable(s)
			s.Pos("resource_group_name", "name of the group")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			filter, err := c.SelectFilter("place-count")
			if err != nil {
				return err
			}
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.QuerySizeInfoResponse, error) {
				return api.ResourceGroups.QuerySizeInfo(ctx, c.V.Str("resource_group_name"), v1.QuerySizeInfoRequest{SelectFilter: filter}, o...)
			}, nil, func(r v1.QuerySizeInfoResponse) error { return showSizeInfo(c, r) })
		},
	}
}

func showSizeInfo(c *cli.Call, r v1.QuerySizeInfoResponse) error {
	if c.G.Curl {
		return nil
	}
	if info := r.SpaceInfo; info != nil {
		t := c.Table().Right("MaxVolumeSize", "AvailableSize", "Capacity").Columns("Next_Spawn_Result")
		var where []string
		for _, s := range info.NextSpawnResult {
			where = append(where, s.StorPoolName+" on "+s.NodeName)
		}
		if len(where) == 0 {
			where = []string{"-"}
		}
		t.Row(table.Text(cli.FormatSize(info.MaxVlmSizeInKiB)), table.Text(cli.FormatSize(info.AvailableSizeInKiB)),
			table.Text(cli.FormatSize(info.CapacityInKiB)), table.Text(strings.Join(where, "\n")))
		if err := t.Render(c.Env.Out); err != nil {
			return err
		}
	}
	for _, rc := range r.Reports {
		c.ShowReply(rc)
	}
	if v1.HasError(r.Reports) {
		return &cli.Exit{Code: cli.ExitAPI}
	}
	return nil
}
