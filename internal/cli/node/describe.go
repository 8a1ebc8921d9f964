package node

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// tree is one object with what is on it.
type tree struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	Children    []*tree `json:"children"`
}

func describe() *cli.Command {
	return &cli.Command{
		Name: "describe", Aliases: []string{"dsc"}, Short: "Prints nodes with their storage pools, resources and volumes as a tree.",
		Args: func(s *args.Spec) { s.Pos("name", "name of the node; all nodes when it is missing").Maybe() },
		Run:  runDescribe,
	}
}

func runDescribe(ctx context.Context, c *cli.Call) error {
	api, err := c.API()
	if err != nil {
		return err
	}
	nodes, err := api.Nodes.List(ctx)
	if err != nil {
		return err
	}
	if name := c.V.Str("name"); name != "" {
		n, err := cli.One(nodes, "Node", name, func(n v1.Node) string { return n.Name })
		if err != nil {
			return err
		}
		nodes = []v1.Node{n}
	}
	pools, err := api.StoragePools.View(ctx)
	if err != nil {
		return err
	}
	resources, err := api.Resources.View(ctx)
	if err != nil {
		return err
	}
	trees := []*tree{}
	for _, n := range nodes {
		trees = append(trees, describeNode(n, pools, resources))
	}
	if c.G.Machine {
		return c.PrintJSON(trees)
	}
	for _, t := range trees {
		c.Printf("\n%s\n", draw(t, ""))
	}
	return nil
}

func describeNode(n v1.Node, pools []v1.StoragePool, resources []v1.ResourceWithVolumes) *tree {
	root := &tree{Name: n.Name, Description: "Node: " + n.Name, Children: []*tree{}}
	byPool := map[string]*tree{}
	for _, p := range pools {
		if !cli.SameName(p.NodeName, n.Name) || p.ProviderKind == v1.ProviderKindDiskless {
			continue
		}
		t := &tree{Name: p.StoragePoolName, Description: "storage-pool: " + p.StoragePoolName, Children: []*tree{}}
		byPool[strings.ToLower(p.StoragePoolName)] = t
		root.Children = append(root.Children, t)
	}
	diskless := &tree{Name: "diskless resources", Description: "diskless resources", Children: []*tree{}}
	for _, r := range resources {
		if cli.SameName(r.NodeName, n.Name) {
			describeResource(r, byPool, diskless)
		}
	}
	if len(diskless.Children) > 0 {
		root.Children = append(root.Children, diskless)
	}
	return root
}

func describeResource(r v1.ResourceWithVolumes, byPool map[string]*tree, diskless *tree) {
	made := map[*tree]*tree{}
	for _, v := range r.Volumes {
		pool := byPool[strings.ToLower(v.StoragePoolName)]
		if pool == nil {
			pool = diskless
		}
		res := made[pool]
		if res == nil {
			res = &tree{Name: r.Name, Description: "resource: " + r.Name, Children: []*tree{}}
			made[pool] = res
			pool.Children = append(pool.Children, res)
		}
		text := fmt.Sprintf("volume: %d", v.VolumeNumber)
		if v.AllocatedSizeKiB != nil && pool != diskless {
			text += ", size: " + cli.FormatSize(*v.AllocatedSizeKiB)
		}
		if v.DevicePath != "" {
			text += ", device: " + v.DevicePath
		}
		res.Children = append(res.Children, &tree{Name: fmt.Sprint(v.VolumeNumber), Description: text, Children: []*tree{}})
	}
}

func draw(t *tree, prefix string) string {
	var b strings.Builder
	b.WriteString(t.Description + "\n")
	for i, child := range t.Children {
		branch, next := "├── ", "│   "
		if i == len(t.Children)-1 {
			branch, next = "└── ", "    "
		}
		b.WriteString(prefix + branch + draw(child, prefix+next))
	}
	return b.String()
}
