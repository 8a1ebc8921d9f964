package v1

// PhysicalStorageNode is an unused block device of one node.
type PhysicalStorageNode struct {
	Size       int64  `json:"size"`
	Rotational bool   `json:"rotational"`
	Device     string `json:"device,omitempty"`
	Model      string `json:"model,omitempty"`
	Serial     string `json:"serial,omitempty"`
	WWN        string `json:"wwn,omitempty"`
}

// PhysicalStorage groups unused block devices of equal size and kind by node.
type PhysicalStorage struct {
	Size       int64                              `json:"size"`
	Rotational bool                               `json:"rotational"`
	Nodes      map[string][]PhysicalStorageDevice `json:"nodes,omitempty"`
}

// PhysicalStorageDevice identifies a block device.
type PhysicalStorageDevice struct {
	Device string `json:"device,omitempty"`
	Model  string `json:"model,omitempty"`
	Serial string `json:"serial,omitempty"`
	WWN    string `json:"wwn,omitempty"`
}

// PhysicalStorageStoragePoolCreate describes the storage pool to be made on a new device pool.
type PhysicalStorageStoragePoolCreate struct {
	Name            string            `json:"name,omitempty"`
	Props           map[string]string `json:"props,omitempty"`
	SharedSpace     string            `json:"shared_space,omitempty"`
	ExternalLocking bool              `json:"external_locking,omitempty"`
}

// PhysicalStorageCreate asks to make a device pool from unused block devices.
type PhysicalStorageCreate struct {
	ProviderKind         ProviderKind                      `json:"provider_kind"`
	DevicePaths          []string                          `json:"device_paths"`
	RaidLevel            string                            `json:"raid_level,omitempty"`
	PoolName             string                            `json:"pool_name,omitempty"`
	VDOEnable            bool                              `json:"vdo_enable,omitempty"`
	VDOSlabSizeKiB       int64                             `json:"vdo_slab_size_kib,omitempty"`
	VDOLogicalSizeKiB    int64                             `json:"vdo_logical_size_kib,omitempty"`
	WithStoragePool      *PhysicalStorageStoragePoolCreate `json:"with_storage_pool,omitempty"`
	Sed                  bool                              `json:"sed,omitempty"`
	PVCreateArguments    []string                          `json:"pv_create_arguments,omitempty"`
	VGCreateArguments    []string                          `json:"vg_create_arguments,omitempty"`
	LVCreateArguments    []string                          `json:"lv_create_arguments,omitempty"`
	ZpoolCreateArguments []string                          `json:"zpool_create_arguments,omitempty"`
}
