package v1

// ProviderKind is one of the values listed here.
type ProviderKind string

// The kinds of storage that a pool can stand on.
const (
	ProviderKindDiskless  ProviderKind = "DISKLESS"
	ProviderKindLvm       ProviderKind = "LVM"
	ProviderKindLvmThin   ProviderKind = "LVM_THIN"
	ProviderKindZfs       ProviderKind = "ZFS"
	ProviderKindZfsThin   ProviderKind = "ZFS_THIN"
	ProviderKindFile      ProviderKind = "FILE"
	ProviderKindFileThin  ProviderKind = "FILE_THIN"
	ProviderKindSpdk      ProviderKind = "SPDK"
	ProviderKindEbsTarget ProviderKind = "EBS_TARGET"
	ProviderKindEbsInit   ProviderKind = "EBS_INIT"
)

// StoragePool is a place for volumes on one node.
type StoragePool struct {
	StoragePoolName   string            `json:"storage_pool_name"`
	NodeName          string            `json:"node_name,omitempty"`
	ProviderKind      ProviderKind      `json:"provider_kind"`
	Props             map[string]string `json:"props,omitempty"`
	StaticTraits      map[string]string `json:"static_traits,omitempty"`
	FreeCapacity      *int64            `json:"free_capacity,omitempty"`
	TotalCapacity     *int64            `json:"total_capacity,omitempty"`
	FreeSpaceMgrName  string            `json:"free_space_mgr_name,omitempty"`
	UUID              string            `json:"uuid,omitempty"`
	Reports           []ApiCallRc       `json:"reports,omitempty"`
	SupportsSnapshots bool              `json:"supports_snapshots"`
	SharedSpace       string            `json:"shared_space,omitempty"`
	ExternalLocking   bool              `json:"external_locking,omitempty"`
}

// StorageResource is the storage layer of one replica.
type StorageResource struct {
	StorageVolumes []StorageVolume `json:"storage_volumes,omitempty"`
}

// StorageVolume is the storage layer of one volume.
type StorageVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
}

// StoragePoolDefinition is what the storage pools of one name have in common.
type StoragePoolDefinition struct {
	StoragePoolName string            `json:"storage_pool_name,omitempty"`
	Props           map[string]string `json:"props,omitempty"`
}

// StoragePoolDefinitionModify changes the properties of a storage pool definition.
type StoragePoolDefinitionModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// StoragePoolStats counts the storage pools.
type StoragePoolStats struct {
	Count int64 `json:"count"`
}
