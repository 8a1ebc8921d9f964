package model

// Keys of the tables: a composite key starts with what it is listed by.

func (w *World) putController(c *Controller) { w.Controllers.m.Set(Key(controllerKey), c) }
func (w *World) putNode(n *Node)             { w.Nodes.m.Set(Key(n.Name), n) }
func (w *World) putPoolDefinition(p *PoolDefinition) {
	w.PoolDefinitions.m.Set(Key(p.Name), p)
}
func (w *World) putPool(p *Pool)   { w.Pools.m.Set(Key(p.Node, p.Name), p) }
func (w *World) putGroup(g *Group) { w.Groups.m.Set(Key(g.Name), g) }
func (w *World) putNodeConn(c *NodeConnection) {
	w.NodeConns.m.Set(Key(c.A, c.B), c)
}
func (w *World) putResourceConn(c *ResourceConnection) {
	w.ResourceConns.m.Set(Key(c.Definition, c.A, c.B), c)
}
func (w *World) putKeyValueStore(k *KeyValueStore) { w.KeyValueStores.m.Set(Key(k.Name), k) }
func (w *World) putSnapshot(s *SnapshotDefinition) {
	w.Snapshots.m.Set(Key(s.Definition, s.Name), s)
}
func (w *World) putRemote(r *Remote)     { w.Remotes.m.Set(Key(r.Name), r) }
func (w *World) putSchedule(s *Schedule) { w.Schedules.m.Set(Key(s.Name), s) }
func (w *World) putFile(f *ExternalFile) { w.Files.m.Set(f.Path, f) }

func (w *World) putDefinition(d *Definition) {
	w.accountAll(d.Name, -1)
	w.dropDefinitionIndex(d.Name)
	w.Definitions.m.Set(Key(d.Name), d)
	w.indexMinors(d)
	w.byGroup.Set(Key(d.Group, d.Name), d)
	w.accountAll(d.Name, 1)
}

func (w *World) dropDefinitionIndex(name string) {
	if old, ok := w.Definitions.Get(name); ok {
		w.byGroup.Delete(Key(old.Group, old.Name))
		w.dropMinors(old)
	}
}

func (w *World) deleteDefinition(name string) {
	w.accountAll(name, -1)
	w.dropDefinitionIndex(name)
	w.Definitions.m.Delete(Key(name))
	w.accountAll(name, 1)
}

func (w *World) putResource(r *Resource) {
	w.dropResourceIndex(r.Definition, r.Node)
	w.Resources.m.Set(Key(r.Definition, r.Node), r)
	w.byNode.Set(Key(r.Node, r.Definition), r)
	w.indexPorts(r)
	for _, v := range r.Volumes {
		for pool := range v.pools {
			w.byPool.Set(Key(r.Node, pool, r.Definition), r)
		}
	}
	w.account(r, 1)
}

func (w *World) putResourceStatus(s *ResourceStatus) {
	r, ok := w.Resources.Get(s.Definition, s.Node)
	if ok {
		w.account(r, -1)
	}
	w.ResourceStatus.m.Set(Key(s.Definition, s.Node), s)
	if ok {
		w.account(r, 1)
	}
}

func (w *World) dropResourceIndex(definition, node string) {
	old, ok := w.Resources.Get(definition, node)
	if !ok {
		return
	}
	w.account(old, -1)
	w.byNode.Delete(Key(node, definition))
	w.dropPorts(old)
	for _, v := range old.Volumes {
		for pool := range v.pools {
			w.byPool.Delete(Key(node, pool, definition))
		}
	}
}

func (w *World) deleteResource(definition, node string) {
	w.dropResourceIndex(definition, node)
	w.Resources.m.Delete(Key(definition, node))
	w.ResourceStatus.m.Delete(Key(definition, node))
}
