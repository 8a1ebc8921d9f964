package v1

// Snapshot is the state of a resource at one moment on several nodes.
type Snapshot struct {
	Name                    string                     `json:"name,omitempty"`
	ResourceName            string                     `json:"resource_name,omitempty"`
	Nodes                   []string                   `json:"nodes,omitempty"`
	Props                   map[string]string          `json:"props,omitempty"`
	SnapshotDefinitionProps map[string]string          `json:"snapshot_definition_props,omitempty"`
	ResourceDefinitionProps map[string]string          `json:"resource_definition_props,omitempty"`
	Flags                   []string                   `json:"flags,omitempty"`
	VolumeDefinitions       []SnapshotVolumeDefinition `json:"volume_definitions,omitempty"`
	UUID                    string                     `json:"uuid,omitempty"`
	Snapshots               []SnapshotNode             `json:"snapshots,omitempty"`
}

// SnapshotModify changes the properties of a snapshot.
type SnapshotModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// SnapshotNode is the part of a snapshot on one node.
type SnapshotNode struct {
	SnapshotName    string               `json:"snapshot_name,omitempty"`
	NodeName        string               `json:"node_name,omitempty"`
	CreateTimestamp int64                `json:"create_timestamp,omitempty"`
	Flags           []string             `json:"flags,omitempty"`
	UUID            string               `json:"uuid,omitempty"`
	SnapshotProps   map[string]string    `json:"snapshot_props,omitempty"`
	ResourceProps   map[string]string    `json:"resource_props,omitempty"`
	SnapshotVolumes []SnapshotVolumeNode `json:"snapshot_volumes,omitempty"`
}

// SnapshotVolumeNode is one volume of a snapshot on one node.
type SnapshotVolumeNode struct {
	UUID                string            `json:"uuid,omitempty"`
	VlmNr               int32             `json:"vlm_nr"`
	Props               map[string]string `json:"props,omitempty"`
	SnapshotVolumeProps map[string]string `json:"snapshot_volume_props,omitempty"`
	VolumeProps         map[string]string `json:"volume_props,omitempty"`
	State               string            `json:"state,omitempty"`
}

// SnapshotVolumeDefinition is one volume of a snapshot on all nodes.
type SnapshotVolumeDefinition struct {
	VolumeNumber                  int32             `json:"volume_number"`
	SizeKiB                       int64             `json:"size_kib"`
	SnapshotVolumeDefinitionProps map[string]string `json:"snapshot_volume_definition_props,omitempty"`
	VolumeDefinitionProps         map[string]string `json:"volume_definition_props,omitempty"`
}

// SnapshotRestore asks to make a resource from a snapshot.
type SnapshotRestore struct {
	ToResource     string            `json:"to_resource"`
	Nodes          []string          `json:"nodes,omitempty"`
	StorPoolRename map[string]string `json:"stor_pool_rename,omitempty"`
}

// SnapshotRollback says how to deal with later snapshots on ZFS.
type SnapshotRollback struct {
	ZfsRollbackStrategy string `json:"zfs_rollback_strategy,omitempty"`
}

// SnapQueue is a transfer that waits for nodes.
type SnapQueue struct {
	ResourceName   string      `json:"resource_name"`
	SnapshotName   string      `json:"snapshot_name"`
	RemoteName     string      `json:"remote_name"`
	Incremental    bool        `json:"incremental"`
	BasedOn        string      `json:"based_on,omitempty"`
	StartTimestamp int64       `json:"start_timestamp"`
	PrefNode       string      `json:"pref_node"`
	Queue          []NodeQueue `json:"queue,omitempty"`
}
