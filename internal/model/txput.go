package model

// SetController stores the controller's properties; satellites get them too.
func (tx *Tx) SetController(c *Controller) {
	if r := tx.Crypt(); c.Crypt == nil && r != nil {
		// What only means the properties keeps the master key.
		c.Crypt = r
	}
	tx.putController(c)
	tx.record(kindController, Key(controllerKey), c)
	tx.touched.All = true
}

// PutNode stores a node.
func (tx *Tx) PutNode(n *Node) {
	tx.touchPeers(n)
	tx.putNode(n)
	tx.record(kindNode, Key(n.Name), n)
	tx.touchNode(n.Name)
}

// DeleteNode removes a node, its pools, its connections and its status.
func (tx *Tx) DeleteNode(name string) {
	var pools []*Pool
	tx.Pools.Under(name)(func(p *Pool) bool { pools = append(pools, p); return true })
	for _, p := range pools {
		tx.DeletePool(p.Node, p.Name)
	}
	var conns []*NodeConnection
	for c := range tx.NodeConns.All {
		if Key(c.A) == Key(name) || Key(c.B) == Key(name) {
			conns = append(conns, c)
		}
	}
	for _, c := range conns {
		tx.DeleteNodeConn(c.A, c.B)
	}
	tx.Nodes.m.Delete(Key(name))
	tx.NodeStatus.m.Delete(Key(name))
	tx.record(kindNode, Key(name), nil)
	tx.touchNode(name)
}

// PutPoolDefinition stores a storage pool definition.
func (tx *Tx) PutPoolDefinition(p *PoolDefinition) {
	tx.putPoolDefinition(p)
	tx.record(kindPoolDefinition, Key(p.Name), p)
	tx.touched.All = true
}

// DeletePoolDefinition removes a storage pool definition.
func (tx *Tx) DeletePoolDefinition(name string) {
	tx.PoolDefinitions.m.Delete(Key(name))
	tx.record(kindPoolDefinition, Key(name), nil)
}

// PutPool stores a storage pool.
func (tx *Tx) PutPool(p *Pool) {
	if old, ok := tx.Pools.Get(p.Node, p.Name); ok && !sameForReplicas(old.Props, p.Props) {
		for r := range tx.ResourcesIn(p.Node, p.Name) {
			tx.touchDefinition(r.Definition)
		}
	}
	tx.putPool(p)
	tx.record(kindPool, Key(p.Node, p.Name), p)
	tx.touchPool(p.Node, p.Name)
	tx.touchNode(p.Node)
}

// DeletePool removes a storage pool and its status.
func (tx *Tx) DeletePool(node, name string) {
	tx.Pools.m.Delete(Key(node, name))
	tx.PoolStatus.m.Delete(Key(node, name))
	tx.record(kindPool, Key(node, name), nil)
	tx.touchPool(node, name)
	tx.touchNode(node)
}

// PutGroup stores a resource group.
func (tx *Tx) PutGroup(g *Group) {
	tx.putGroup(g)
	tx.record(kindGroup, Key(g.Name), g)
	for d := range tx.DefinitionsOf(g.Name) {
		tx.touchDefinition(d.Name)
	}
}

// DeleteGroup removes a resource group.
func (tx *Tx) DeleteGroup(name string) {
	tx.Groups.m.Delete(Key(name))
	tx.record(kindGroup, Key(name), nil)
}

// PutDefinition stores a resource definition with its volume definitions.
func (tx *Tx) PutDefinition(d *Definition) {
	tx.putDefinition(d)
	tx.record(kindDefinition, Key(d.Name), d)
	tx.touchDefinition(d.Name)
}

// DeleteDefinition removes a resource definition.
func (tx *Tx) DeleteDefinition(name string) {
	var conns []*ResourceConnection
	tx.ResourceConns.Under(name)(func(c *ResourceConnection) bool { conns = append(conns, c); return true })
	for _, c := range conns {
		tx.DeleteResourceConn(c.Definition, c.A, c.B)
	}
	tx.deleteDefinition(name)
	tx.record(kindDefinition, Key(name), nil)
	tx.touchDefinition(name)
}

// PutResource stores a replica.
func (tx *Tx) PutResource(r *Resource) {
	tx.putResource(r)
	tx.record(kindResource, Key(r.Definition, r.Node), r)
	tx.touchDefinition(r.Definition)
	tx.touchNode(r.Node)
}

// DeleteResource removes a replica's record and its status.
func (tx *Tx) DeleteResource(definition, node string) {
	tx.deleteResource(definition, node)
	tx.record(kindResource, Key(definition, node), nil)
	tx.touchDefinition(definition)
	tx.touchNode(node)
}

// PutNodeConn stores the properties of a pair of nodes.
func (tx *Tx) PutNodeConn(c *NodeConnection) {
	tx.putNodeConn(c)
	tx.record(kindNodeConn, Key(c.A, c.B), c)
	tx.touchPair(c.A, c.B)
}

// DeleteNodeConn removes the properties of a pair of nodes.
func (tx *Tx) DeleteNodeConn(a, b string) {
	tx.NodeConns.m.Delete(Key(a, b))
	tx.record(kindNodeConn, Key(a, b), nil)
	tx.touchPair(a, b)
}

// PutResourceConn stores the properties of a pair of replicas.
func (tx *Tx) PutResourceConn(c *ResourceConnection) {
	tx.putResourceConn(c)
	tx.record(kindResourceConn, Key(c.Definition, c.A, c.B), c)
	tx.touchDefinition(c.Definition)
}

// DeleteResourceConn removes the properties of a pair of replicas.
func (tx *Tx) DeleteResourceConn(definition, a, b string) {
	tx.ResourceConns.m.Delete(Key(definition, a, b))
	tx.record(kindResourceConn, Key(definition, a, b), nil)
	tx.touchDefinition(definition)
}

// PutKeyValueStore stores a key-value store.
func (tx *Tx) PutKeyValueStore(k *KeyValueStore) {
	tx.putKeyValueStore(k)
	tx.record(kindKeyValueStore, Key(k.Name), k)
}

// DeleteKeyValueStore removes a key-value store.
func (tx *Tx) DeleteKeyValueStore(name string) {
	tx.KeyValueStores.m.Delete(Key(name))
	tx.record(kindKeyValueStore, Key(name), nil)
}

// PutSnapshot stores a snapshot.
func (tx *Tx) PutSnapshot(s *SnapshotDefinition) {
	tx.putSnapshot(s)
	tx.record(kindSnapshot, Key(s.Definition, s.Name), s)
	tx.touchDefinition(s.Definition)
}

// DeleteSnapshot removes a snapshot's record.
func (tx *Tx) DeleteSnapshot(definition, name string) {
	tx.Snapshots.m.Delete(Key(definition, name))
	tx.record(kindSnapshot, Key(definition, name), nil)
	tx.touchDefinition(definition)
}

// DropResourceStatus forgets what was reported about a node without a replica.
func (tx *Tx) DropResourceStatus(definition, node string) {
	if _, ok := tx.Resources.Get(definition, node); !ok {
		tx.ResourceStatus.m.Delete(Key(definition, node))
	}
}

// SetNodeStatus takes over what is known of a satellite; it is not stored.
func (tx *Tx) SetNodeStatus(s *NodeStatus) {
	tx.NodeStatus.m.Set(Key(s.Node), s)
	tx.touchNode(s.Node)
	tx.touched.Status = true
}

// SetPoolStatus takes over a pool report; it is not stored.
func (tx *Tx) SetPoolStatus(s *PoolStatus) {
	tx.PoolStatus.m.Set(Key(s.Node, s.Pool), s)
	tx.touched.Status = true
}

// SetResourceStatus takes over a replica's report; it is not stored.
func (tx *Tx) SetResourceStatus(s *ResourceStatus) {
	tx.putResourceStatus(s)
	tx.touchDefinition(s.Definition)
	tx.touched.Status = true
}
