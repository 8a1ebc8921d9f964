package resourcegroup

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

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the resource groups.",
		Args: func(s *args.Spec) {
			cli.GroupBy(s, "resourcegroup", "selectfilter", "vlmnrs", "description")
			s.Opt("-r,--resource-groups", "only these groups").Many()
			cli.Props(s)
			cli.ShowProps(s, "-s,--show-props")
			cli.Pastable(s)
			cli.FromFile(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Wrapped, func(api *client.Client, o ...client.Option) ([]v1.ResourceGroup, error) {
				return api.ResourceGroups.List(ctx, append(o, client.Filter("resource_groups", c.V.List("resource-groups")...),
					client.Filter("props", c.V.List("props")...))...)
			}, nil, func(list []v1.ResourceGroup) error { return show(ctx, c, list) })
		},
	}
}

func show(ctx context.Context, c *cli.Call, list []v1.ResourceGroup) error {
	t := c.Table().Columns("ResourceGroup", "SelectFilter", "VlmNrs", "Description")
	c.PropColumns(t)
	for _, g := range list {
		nrs, err := volumeNumbers(ctx, c, g.Name)
		if err != nil {
			return err
		}
		cells := []table.Cell{table.Text(g.Name), table.Text(filterText(g.SelectFilter)), table.Text(nrs), table.Text(g.Description)}
		t.Row(append(cells, c.PropCells(g.Props)...)...)
	}
	return t.GroupBy(c.V.List("groupby")...).Render(c.Env.Out)
}

// volumeNumbers are not known when the groups come from a file.
func volumeNumbers(ctx context.Context, c *cli.Call, group string) (string, error) {
	if c.V.Str("from-file") != "" {
		return "", nil
	}
	api, err := c.API()
	if err != nil {
		return "", err
	}
	groups, err := api.ResourceGroups.VolumeGroups(ctx, group)
	if client.IsNotFound(err) {
		return "", nil // deleted just now
	}
	if err != nil {
		return "", err
	}
	var nrs []int32
	for _, v := range groups {
		if v.VolumeNumber != nil {
			nrs = append(nrs, *v.VolumeNumber)
		}
	}
	return cli.IntList(nrs, ","), nil
}

// filterText has one line per condition.
func filterText(f *v1.AutoSelectFilter) string {
	if f == nil {
		return ""
	}
	var lines []string
	add := func(key, value string) { lines = append(lines, key+": "+value) }
	if f.PlaceCount != nil {
		add("PlaceCount", fmt.Sprint(*f.PlaceCount))
	}
	switch {
	case len(f.StoragePoolList) > 0:
		add("StoragePool(s)", strings.Join(f.StoragePoolList, ", "))
	case f.StoragePool != "":
		add("StoragePool(s)", f.StoragePool)
	}
	if len(f.StoragePoolDisklessList) > 0 {
		add("DisklessStoragePool(s)", strings.Join(f.StoragePoolDisklessList, ", "))
	}
	if f.DisklessOnRemaining != nil {
		add("DisklessOnRemaining", map[bool]string{true: "True", false: "False"}[*f.DisklessOnRemaining])
	}
	addList := func(key string, list []string) {
		if len(list) > 0 {
			add(key, listText(list))
		}
	}
	addList("NotPlaceWithRsc", f.NotPlaceWithRsc)
	if f.NotPlaceWithRscRegex != nil && *f.NotPlaceWithRscRegex != "" {
		add("NotPlaceWithRscRegex", *f.NotPlaceWithRscRegex)
	}
	addList("ReplicasOnSame", f.ReplicasOnSame)
	addList("ReplicasOnDifferent", f.ReplicasOnDifferent)
	if len(f.XReplicasOnDifferentMap) > 0 {
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(f.XReplicasOnDifferentMap)) {
			pairs = append(pairs, fmt.Sprintf("'%s': %d", k, f.XReplicasOnDifferentMap[k]))
		}
		add("XReplicasOnDifferent", "{"+strings.Join(pairs, ", ")+"}")
	}
	addList("LayerStack", f.LayerStack)
	addList("ProviderList", f.ProviderList)
	return strings.Join(lines, "\n")
}

// listText writes ['a', 'b'], the form that users know.
func listText(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = "'" + s + "'"
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
