package v1

// ResourceLayer is one layer of a replica, with those below it.
type ResourceLayer struct {
	Children           []ResourceLayer     `json:"children,omitempty"`
	ResourceNameSuffix string              `json:"resource_name_suffix,omitempty"`
	Type               LayerType           `json:"type,omitempty"`
	DRBD               *DrbdResource       `json:"drbd,omitempty"`
	LUKS               *LUKSResource       `json:"luks,omitempty"`
	Storage            *StorageResource    `json:"storage,omitempty"`
	NVMe               *NVMEResource       `json:"nvme,omitempty"`
	Writecache         *WritecacheResource `json:"writecache,omitempty"`
	Cache              *CacheResource      `json:"cache,omitempty"`
	Bcache             *BCacheResource     `json:"bcache,omitempty"`
}

// ResourceState is what is known of a replica at the moment.
type ResourceState struct {
	InUse *bool `json:"in_use,omitempty"`
}

// Resource is the replica of a resource definition on one node.
type Resource struct {
	Name            string                                  `json:"name,omitempty"`
	NodeName        string                                  `json:"node_name,omitempty"`
	Props           map[string]string                       `json:"props,omitempty"`
	EffectiveProps  map[string]*EffectivePropertiesMapValue `json:"effective_props,omitempty"`
	Flags           []string                                `json:"flags,omitempty"`
	LayerObject     *ResourceLayer                          `json:"layer_object,omitempty"`
	State           *ResourceState                          `json:"state,omitempty"`
	UUID            string                                  `json:"uuid,omitempty"`
	CreateTimestamp int64                                   `json:"create_timestamp,omitempty"`
}

// ResourceWithVolumes is a replica with its volumes.
type ResourceWithVolumes struct {
	Resource
	Volumes    []Volume `json:"volumes,omitempty"`
	SharedName string   `json:"shared_name,omitempty"`
}

// ResourceCreate asks for a replica on a node.
type ResourceCreate struct {
	Resource         *Resource   `json:"resource,omitempty"`
	LayerList        []LayerType `json:"layer_list,omitempty"`
	DRBDNodeID       *int32      `json:"drbd_node_id,omitempty"`
	DRBDTCPPortCount int32       `json:"drbd_tcp_port_count,omitempty"`
	DRBDTCPPorts     []int32     `json:"drbd_tcp_ports,omitempty"`
	SnapNames        []string    `json:"snap_names,omitempty"`
	CopyAllSnaps     bool        `json:"copy_all_snaps,omitempty"`
	DRBDClient       bool        `json:"drbd_client,omitempty"`
	// Active false creates the replica deactivated; absent means true.
	Active *bool `json:"active,omitempty"`
}

// ResourceMakeAvailable asks that a node can use a resource, in whatever way is cheapest.
type ResourceMakeAvailable struct {
	LayerList    []LayerType `json:"layer_list,omitempty"`
	Diskful      bool        `json:"diskful,omitempty"`
	DRBDTCPPorts []int32     `json:"drbd_tcp_ports,omitempty"`
	SnapNames    []string    `json:"snap_names,omitempty"`
	CopyAllSnaps bool        `json:"copy_all_snaps,omitempty"`
}

// ResourceModify changes a replica's properties or role.
type ResourceModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
	DRBDTiebreaker   *bool             `json:"drbd_tiebreaker,omitempty"`
	DRBDClient       *bool             `json:"drbd_client,omitempty"`
}

// ToggleDiskRequest asks to give a replica a disk, or to take it away.
type ToggleDiskRequest struct {
	Operation   string      `json:"operation,omitempty"`
	StoragePool string      `json:"storage_pool,omitempty"`
	MigrateFrom string      `json:"migrate_from,omitempty"`
	LayerList   []LayerType `json:"layer_list,omitempty"`
}

// ToggleDiskDiskful chooses the layers of a replica that gets a disk.
type ToggleDiskDiskful struct {
	LayerList []LayerType `json:"layer_list,omitempty"`
}

// ResourceStats counts the replicas.
type ResourceStats struct {
	Count int64 `json:"count"`
}
