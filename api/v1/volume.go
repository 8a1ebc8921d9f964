package v1

// VolumeModify changes the properties of a volume.
type VolumeModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// VolumeLayer is one layer of a volume with its data.
type VolumeLayer struct {
	Type LayerType `json:"type,omitempty"`
	Data any       `json:"data,omitempty"`
}

// Volume is one volume of a replica.
type Volume struct {
	VolumeNumber     int32             `json:"volume_number"`
	StoragePoolName  string            `json:"storage_pool_name,omitempty"`
	ProviderKind     ProviderKind      `json:"provider_kind,omitempty"`
	DevicePath       string            `json:"device_path,omitempty"`
	AllocatedSizeKiB *int64            `json:"allocated_size_kib,omitempty"`
	UsableSizeKiB    *int64            `json:"usable_size_kib,omitempty"`
	Props            map[string]string `json:"props,omitempty"`
	Flags            []string          `json:"flags,omitempty"`
	State            *VolumeState      `json:"state,omitempty"`
	LayerDataList    []VolumeLayer     `json:"layer_data_list,omitempty"`
	UUID             string            `json:"uuid,omitempty"`
	Reports          []ApiCallRc       `json:"reports,omitempty"`
}

// VolumeState is what is known of a volume at the moment.
type VolumeState struct {
	DiskState         string                       `json:"disk_state,omitempty"`
	ReplicationStates map[string]*ReplicationState `json:"replication_states,omitempty"`
}

// ReplicationState tells how a volume is in step with one peer.
type ReplicationState struct {
	ReplicationState string   `json:"replication_state,omitempty"`
	DonePercentage   *float64 `json:"done_percentage,omitempty"`
}
