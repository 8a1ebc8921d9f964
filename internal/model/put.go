package model

import "slices"

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
	s := shift{w: w}
	s.accountAll(d.Name, -1)
	w.dropDefinitionIndex(d.Name)
	w.Definitions.m.Set(Key(d.Name), d)
	w.indexMinors(d)
	w.byGroup.Set(Key(d.Group, d.Name), d)
	s.accountAll(d.Name, 1)
	s.done()
}

func (w *World) dropDefinitionIndex(name string) {
	if old, ok := w.Definitions.Get(name); ok {
		w.byGroup.Delete(Key(old.Group, old.Name))
		w.dropMinors(old)
	}
}

func (w *World) deleteDefinition(name string) {
	s := shift{w: w}
	s.accountAll(name, -1)
	w.dropDefinitionIndex(name)
	w.Definitions.m.Delete(Key(name))
	s.accountAll(name, 1)
	s.done()
}

func (w *World) putResource(r *Resource) {
	s := shift{w: w}
	old, replaces := w.Resources.Get(r.Definition, r.Node)
	same := replaces && sameIndex(old, r)
	if replaces {
		s.account(old, -1)
	}
	if replaces && !same {
		w.dropResourceIndex(old)
	}
	w.Resources.m.Set(Key(r.Definition, r.Node), r)
	w.byNode.Set(Key(r.Node, r.Definition), r)
	if !same {
		w.indexPorts(r)
	}
	for i := range r.Volumes {
		for pool := range r.Volumes[i].pools {
			w.byPool.Set(Key(r.Node, pool, r.Definition), r)
		}
	}
	s.account(r, 1)
	s.done()
}

func (w *World) putResourceStatus(st *ResourceStatus) {
	s := shift{w: w}
	r, ok := w.Resources.Get(st.Definition, st.Node)
	if ok {
		s.account(r, -1)
	}
	w.ResourceStatus.m.Set(Key(st.Definition, st.Node), st)
	if ok {
		s.account(r, 1)
	}
	s.done()
}

// sameIndex tells whether a replica is found under the same keys as before: nothing has to
// be taken out first then.
func sameIndex(old, r *Resource) bool {
	return slices.Equal(old.ports(), r.ports()) && slices.EqualFunc(old.Volumes, r.Volumes, func(a, b Volume) bool {
		return a.Pool == b.Pool && len(a.Parts)+len(b.Parts) == 0
	})
}

func (w *World) dropResourceIndex(old *Resource) {
	w.byNode.Delete(Key(old.Node, old.Definition))
	w.dropPorts(old)
	for _, v := range old.Volumes {
		for pool := range v.pools {
			w.byPool.Delete(Key(old.Node, pool, old.Definition))
		}
	}
}

func (w *World) deleteResource(definition, node string) {
	s := shift{w: w}
	if old, ok := w.Resources.Get(definition, node); ok {
		s.account(old, -1)
		w.dropResourceIndex(old)
	}
	w.Resources.m.Delete(Key(definition, node))
	w.ResourceStatus.m.Delete(Key(definition, node))
	s.done()
}
