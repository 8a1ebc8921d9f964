package rest

import (
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// addChange notes one change of a plan.
type addChange func(object, name, node string, was, is bool, changed bool, details string)

// diffTables lists the changes of objects that make no node do anything by
// themselves.
func diffTables(base, now *model.World, add addChange) {
	diffTable(base.Controllers, now.Controllers, "controller", func(*model.Controller) []string { return []string{"controller"} }, add)
	diffTable(base.PoolDefinitions, now.PoolDefinitions, "storage-pool-definition", func(p *model.PoolDefinition) []string { return []string{p.Name} }, add)
	diffTable(base.Groups, now.Groups, "resource-group", func(g *model.Group) []string { return []string{g.Name} }, add)
	diffTable(base.KeyValueStores, now.KeyValueStores, "key-value-store", func(k *model.KeyValueStore) []string { return []string{k.Name} }, add)
	diffTable(base.NodeConns, now.NodeConns, "node-connection", func(c *model.NodeConnection) []string { return []string{c.A, c.B} }, add)
	diffTable(base.ResourceConns, now.ResourceConns, "resource-connection",
		func(c *model.ResourceConnection) []string { return []string{c.Definition, c.A, c.B} }, add)
}

func diffTable[T any](base, now model.Table[T], object string, parts func(*T) []string, add addChange) {
	for x := range now.All {
		old, was := base.Get(parts(x)...)
		add(object, strings.Join(parts(x), "/"), "", was, true, was && old != x, "")
	}
	for x := range base.All {
		if _, is := now.Get(parts(x)...); !is {
			add(object, strings.Join(parts(x), "/"), "", true, false, false, "")
		}
	}
}
