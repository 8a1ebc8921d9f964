package v1

// LayerType is one of the values listed here.
type LayerType string

// The layers that a replica can consist of.
const (
	LayerTypeDrbd       LayerType = "DRBD"
	LayerTypeLuks       LayerType = "LUKS"
	LayerTypeStorage    LayerType = "STORAGE"
	LayerTypeNvme       LayerType = "NVME"
	LayerTypeWritecache LayerType = "WRITECACHE"
	LayerTypeCache      LayerType = "CACHE"
	LayerTypeBcache     LayerType = "BCACHE"
)

// DrbdResourceDefinitionLayer holds the DRBD settings that all replicas share.
type DrbdResourceDefinitionLayer struct {
	ResourceNameSuffix string `json:"resource_name_suffix,omitempty"`
	PeerSlots          int32  `json:"peer_slots,omitempty"`
	AlStripes          int32  `json:"al_stripes,omitempty"`
	AlStripeSizeKiB    int64  `json:"al_stripe_size_kib,omitempty"`
	Port               int32  `json:"port,omitempty"`
	TransportType      string `json:"transport_type,omitempty"`
	Secret             string `json:"secret"`
	Down               bool   `json:"down,omitempty"`
}

// DrbdVolumeDefinition holds the DRBD settings of one volume on all nodes.
type DrbdVolumeDefinition struct {
	ResourceNameSuffix string `json:"resource_name_suffix,omitempty"`
	VolumeNumber       int32  `json:"volume_number"`
	MinorNumber        int32  `json:"minor_number"`
}

// DrbdResource is the DRBD layer of one replica.
type DrbdResource struct {
	DRBDResourceDefinition *DrbdResourceDefinitionLayer `json:"drbd_resource_definition,omitempty"`
	NodeID                 int32                        `json:"node_id"`
	TCPPorts               []int32                      `json:"tcp_ports,omitempty"`
	PeerSlots              int32                        `json:"peer_slots,omitempty"`
	AlStripes              int32                        `json:"al_stripes,omitempty"`
	AlSize                 int64                        `json:"al_size,omitempty"`
	Flags                  []string                     `json:"flags,omitempty"`
	DRBDVolumes            []DrbdVolume                 `json:"drbd_volumes,omitempty"`
	Connections            map[string]DrbdConnection    `json:"connections,omitempty"`
	PromotionScore         int32                        `json:"promotion_score,omitempty"`
	MayPromote             *bool                        `json:"may_promote,omitempty"`
}

// LUKSResource is the encryption layer of one replica.
type LUKSResource struct {
	LUKSVolumes []LUKSVolume `json:"luks_volumes,omitempty"`
}

// NVMEResource is the NVMe layer of one replica.
type NVMEResource struct {
	NVMeVolumes []NVMEVolume `json:"nvme_volumes,omitempty"`
}

// WritecacheResource is the dm-writecache layer of one replica.
type WritecacheResource struct {
	WritecacheVolumes []WritecacheVolume `json:"writecache_volumes,omitempty"`
}

// CacheResource is the dm-cache layer of one replica.
type CacheResource struct {
	CacheVolumes []CacheVolume `json:"cache_volumes,omitempty"`
}

// BCacheResource is the bcache layer of one replica.
type BCacheResource struct {
	BcacheVolumes []BCacheVolume `json:"bcache_volumes,omitempty"`
}

// DrbdConnection tells how a replica is connected to one peer.
type DrbdConnection struct {
	Connected bool   `json:"connected"`
	Message   string `json:"message,omitempty"`
}

// DrbdVolume is the DRBD layer of one volume.
type DrbdVolume struct {
	DRBDVolumeDefinition *DrbdVolumeDefinition `json:"drbd_volume_definition,omitempty"`
	DevicePath           string                `json:"device_path,omitempty"`
	BackingDevice        string                `json:"backing_device,omitempty"`
	MetaDisk             string                `json:"meta_disk,omitempty"`
	AllocatedSizeKiB     int64                 `json:"allocated_size_kib"`
	UsableSizeKiB        int64                 `json:"usable_size_kib"`
	DiskState            string                `json:"disk_state,omitempty"`
	ExtMetaStorPool      string                `json:"ext_meta_stor_pool,omitempty"`
}

// LUKSVolume is the encryption layer of one volume.
type LUKSVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	BackingDevice    string `json:"backing_device,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
	Opened           bool   `json:"opened"`
	CorruptedKey     bool   `json:"corrupted_key,omitempty"`
}

// NVMEVolume is the NVMe layer of one volume.
type NVMEVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	BackingDevice    string `json:"backing_device,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
}

// WritecacheVolume is the dm-writecache layer of one volume.
type WritecacheVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	DevicePathCache  string `json:"device_path_cache,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
}

// CacheVolume is the dm-cache layer of one volume.
type CacheVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	DevicePathCache  string `json:"device_path_cache,omitempty"`
	DeviceMetaCache  string `json:"device_meta_cache,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
}

// BCacheVolume is the bcache layer of one volume.
type BCacheVolume struct {
	VolumeNumber     int32  `json:"volume_number"`
	DevicePath       string `json:"device_path,omitempty"`
	DevicePathCache  string `json:"device_path_cache,omitempty"`
	AllocatedSizeKiB int64  `json:"allocated_size_kib"`
	UsableSizeKiB    int64  `json:"usable_size_kib"`
	DiskState        string `json:"disk_state,omitempty"`
}
