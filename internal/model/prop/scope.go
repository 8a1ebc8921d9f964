package prop

// Scope is the objects around one replica, volume or pool whose properties it
// inherits. Its methods give the order in which they count, closest first; levels
// that are left empty have no effect.
type Scope struct {
	Volume             Level
	Resource           Level
	VolumeDefinition   Level
	VolumeGroup        Level
	ResourceDefinition Level
	ResourceGroup      Level
	StoragePool        Level
	PoolDefinition     Level
	Node               Level
	NodeConnection     Level
	ResourceConnection Level
	Controller         Level
}

// DiskOptions is the order for DRBD options of a volume's disk and for what else is
// set per volume.
func (s *Scope) DiskOptions() []Level {
	return []Level{s.Volume, s.Resource, s.VolumeDefinition, s.VolumeGroup, s.ResourceDefinition, s.ResourceGroup, s.Node, s.Controller}
}

// ResourceOptions is the order for options of a replica as a whole.
func (s *Scope) ResourceOptions() []Level {
	return []Level{s.Resource, s.ResourceDefinition, s.ResourceGroup, s.Node, s.Controller}
}

// ConnectionOptions is the order for DRBD's net and peer-device options of a pair of
// replicas.
func (s *Scope) ConnectionOptions() []Level {
	return []Level{s.ResourceConnection, s.ResourceDefinition, s.NodeConnection, s.ResourceGroup, s.Controller}
}

// PathOptions is the order for network paths between two replicas.
func (s *Scope) PathOptions() []Level {
	return []Level{s.ResourceConnection, s.NodeConnection}
}

// DefinitionOptions is the order for what holds for all replicas of a definition.
func (s *Scope) DefinitionOptions() []Level {
	return []Level{s.ResourceDefinition, s.ResourceGroup, s.Controller}
}

// VolumeDefinitionOptions is the order for what holds for one volume of all
// replicas of a definition.
func (s *Scope) VolumeDefinitionOptions() []Level {
	return []Level{s.VolumeDefinition, s.VolumeGroup, s.ResourceDefinition, s.ResourceGroup, s.Controller}
}

// BlockSizeOptions is the order for the management of DRBD's block size.
func (s *Scope) BlockSizeOptions() []Level {
	return []Level{s.VolumeDefinition, s.ResourceDefinition, s.VolumeGroup, s.ResourceGroup, s.Controller}
}

// AutoDiskfulOptions is the order for DrbdOptions/auto-diskful.
func (s *Scope) AutoDiskfulOptions() []Level {
	return []Level{s.Resource, s.Node, s.ResourceDefinition, s.ResourceGroup, s.Controller}
}

// PoolOptions is the order for options of a storage pool.
func (s *Scope) PoolOptions() []Level {
	return []Level{s.StoragePool, s.PoolDefinition, s.Node, s.Controller}
}

// InterfaceOptions is the order for PrefNic.
func (s *Scope) InterfaceOptions() []Level {
	return []Level{s.StoragePool, s.Resource, s.ResourceDefinition, s.ResourceGroup, s.Node, s.Controller}
}

// PoolChoice is the order for StorPoolName, the pool that a volume is put in.
func (s *Scope) PoolChoice() []Level {
	return []Level{s.Volume, s.Resource, s.VolumeDefinition, s.ResourceDefinition, s.VolumeGroup, s.ResourceGroup, s.Node}
}

// NodeOptions is the order for options of a node.
func (s *Scope) NodeOptions() []Level { return []Level{s.Node, s.Controller} }
