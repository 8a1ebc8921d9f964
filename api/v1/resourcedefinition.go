package v1

// ResourceDefinitionLayer is one layer that all replicas have, with its settings.
type ResourceDefinitionLayer struct {
	Type LayerType `json:"type,omitempty"`
	Data any       `json:"data,omitempty"`
}

// ResourceDefinition is what all replicas of a resource have in common.
type ResourceDefinition struct {
	Name              string                    `json:"name,omitempty"`
	ExternalName      string                    `json:"external_name,omitempty"`
	Props             map[string]string         `json:"props,omitempty"`
	Flags             []string                  `json:"flags,omitempty"`
	LayerData         []ResourceDefinitionLayer `json:"layer_data,omitempty"`
	UUID              string                    `json:"uuid,omitempty"`
	ResourceGroupName string                    `json:"resource_group_name,omitempty"`
	VolumeDefinitions []VolumeDefinition        `json:"volume_definitions,omitempty"`
}

// ResourceDefinitionCreate asks for a resource definition.
type ResourceDefinitionCreate struct {
	DRBDPort           *int32              `json:"drbd_port,omitempty"`
	DRBDSecret         string              `json:"drbd_secret,omitempty"`
	DRBDPeerSlots      *FlexInt            `json:"drbd_peer_slots,omitempty"`
	DRBDTransportType  string              `json:"drbd_transport_type,omitempty"`
	ResourceDefinition *ResourceDefinition `json:"resource_definition"`
}

// ResourceDefinitionModify changes a resource definition.
type ResourceDefinitionModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
	DRBDPort         *int32            `json:"drbd_port,omitempty"`
	DRBDPeerSlots    *FlexInt          `json:"drbd_peer_slots,omitempty"`
	LayerStack       []LayerType       `json:"layer_stack,omitempty"`
	ResourceGroup    string            `json:"resource_group,omitempty"`
}

// ResourceDefinitionCloneRequest asks for a copy of a resource.
type ResourceDefinitionCloneRequest struct {
	Name              string            `json:"name,omitempty"`
	ExternalName      string            `json:"external_name,omitempty"`
	UseZfsClone       bool              `json:"use_zfs_clone,omitempty"`
	LayerList         []LayerType       `json:"layer_list,omitempty"`
	VolumePassphrases []string          `json:"volume_passphrases,omitempty"`
	ResourceGroup     string            `json:"resource_group,omitempty"`
	OverrideProps     map[string]string `json:"override_props,omitempty"`
	DeleteProps       []string          `json:"delete_props,omitempty"`
	DeleteNamespaces  []string          `json:"delete_namespaces,omitempty"`
}

// ResourceDefinitionCloneStarted tells where to look how a copy gets on.
type ResourceDefinitionCloneStarted struct {
	Location   string       `json:"location"`
	SourceName string       `json:"source_name"`
	CloneName  string       `json:"clone_name"`
	Messages   []*ApiCallRc `json:"messages,omitempty"`
}

// ResourceDefinitionCloneStatus tells how far a copy is.
type ResourceDefinitionCloneStatus struct {
	Status string `json:"status"`
}

// ResourceDefinitionSyncStatus tells whether all replicas hold the same data.
type ResourceDefinitionSyncStatus struct {
	SyncedOnAll bool `json:"synced_on_all"`
}

// ResourceDefinitionStats counts the resource definitions.
type ResourceDefinitionStats struct {
	Count int64 `json:"count"`
}
