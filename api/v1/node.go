package v1

// Node is a host of the cluster with what it supports.
type Node struct {
	Name                 string              `json:"name"`
	Type                 string              `json:"type"`
	Flags                []string            `json:"flags,omitempty"`
	Props                map[string]string   `json:"props,omitempty"`
	NetInterfaces        []NetInterface      `json:"net_interfaces,omitempty"`
	ConnectionStatus     string              `json:"connection_status,omitempty"`
	UUID                 string              `json:"uuid,omitempty"`
	StorageProviders     []ProviderKind      `json:"storage_providers,omitempty"`
	ResourceLayers       []LayerType         `json:"resource_layers,omitempty"`
	UnsupportedProviders map[string][]string `json:"unsupported_providers,omitempty"`
	UnsupportedLayers    map[string][]string `json:"unsupported_layers,omitempty"`
	EvictionTimestamp    int64               `json:"eviction_timestamp,omitempty"`
	Platform             string              `json:"platform,omitempty"`
	OsVariant            string              `json:"os_variant,omitempty"`
	// ConnectionReason says in words why a node is not ONLINE.
	ConnectionReason string `json:"connection_reason,omitempty"`
	// ConnectionSince is when the present connection status began, in ms since 1970.
	ConnectionSince *int64 `json:"connection_since,omitempty"`
	// Warnings are what to know about the host although it can be used, such as a
	// version of DRBD with a known fault.
	Warnings []string `json:"warnings,omitempty"`
}

// NodeCreateEbs asks for a node that stands for an EBS remote.
type NodeCreateEbs struct {
	Name          string `json:"name"`
	EbsRemoteName string `json:"ebs_remote_name"`
}

// NodeModify changes a node's type or properties.
type NodeModify struct {
	NodeType         string            `json:"node_type,omitempty"`
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// NodeRestore tells what to do with the replicas of an evicted node that comes back.
type NodeRestore struct {
	DeleteResources bool `json:"delete_resources,omitempty"`
	DeleteSnapshots bool `json:"delete_snapshots,omitempty"`
}

// NodeEvacuate limits where the replicas of a node go.
type NodeEvacuate struct {
	Target      []string `json:"target,omitempty"`
	DoNotTarget []string `json:"do_not_target,omitempty"`
}

// NetInterface is an address of a node; one of them is the satellite's.
type NetInterface struct {
	Name                    string   `json:"name"`
	Address                 string   `json:"address"`
	SatellitePort           *FlexInt `json:"satellite_port,omitempty"`
	SatelliteEncryptionType string   `json:"satellite_encryption_type,omitempty"`
	IsActive                *bool    `json:"is_active,omitempty"`
	UUID                    string   `json:"uuid,omitempty"`
}

// SatelliteConfig are the settings that a satellite runs with.
type SatelliteConfig struct {
	Config               *ControllerConfigConfig `json:"config,omitempty"`
	Debug                *ControllerConfigDebug  `json:"debug,omitempty"`
	Log                  *SatelliteConfigLog     `json:"log,omitempty"`
	StltOverrideNodeName string                  `json:"stlt_override_node_name,omitempty"`
	RemoteSpdk           bool                    `json:"remote_spdk,omitempty"`
	Ebs                  bool                    `json:"ebs,omitempty"`
	SpecialSatellite     bool                    `json:"special_satellite,omitempty"`
	DRBDKeepResPattern   string                  `json:"drbd_keep_res_pattern,omitempty"`
	Net                  *SatelliteConfigNet     `json:"net,omitempty"`
}

// SatelliteConfigLog are a satellite's settings for logging.
type SatelliteConfigLog struct {
	PrintStackTrace bool     `json:"print_stack_trace,omitempty"`
	Directory       string   `json:"directory,omitempty"`
	Level           LogLevel `json:"level,omitempty"`
	LevelLinstor    LogLevel `json:"level_linstor,omitempty"`
}

// SatelliteConfigNet tells where a satellite listens.
type SatelliteConfigNet struct {
	BindAddress string `json:"bind_address,omitempty"`
	Port        int32  `json:"port,omitempty"`
	ComType     string `json:"com_type,omitempty"`
}

// NodeQueue lists the transfers that wait for one node.
type NodeQueue struct {
	NodeName string      `json:"node_name"`
	Queue    []SnapQueue `json:"queue,omitempty"`
}

// NodeStats counts the nodes.
type NodeStats struct {
	Count int64 `json:"count"`
}
