package v1

// ResourceGroup is a template for resource definitions and their placement.
type ResourceGroup struct {
	Name         string            `json:"name,omitempty"`
	Description  string            `json:"description,omitempty"`
	Props        map[string]string `json:"props,omitempty"`
	SelectFilter *AutoSelectFilter `json:"select_filter,omitempty"`
	UUID         string            `json:"uuid,omitempty"`
	PeerSlots    *FlexInt          `json:"peer_slots,omitempty"`
}

// ResourceGroupModify changes a resource group.
type ResourceGroupModify struct {
	Description      *string           `json:"description,omitempty"`
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
	SelectFilter     *AutoSelectFilter `json:"select_filter,omitempty"`
	PeerSlots        *FlexInt          `json:"peer_slots,omitempty"`
	SnapNames        []string          `json:"snap_names,omitempty"`
	CopyAllSnaps     bool              `json:"copy_all_snaps,omitempty"`
}

// ResourceGroupSpawn asks for a resource made from a resource group.
type ResourceGroupSpawn struct {
	ResourceDefinitionName         string            `json:"resource_definition_name,omitempty"`
	ResourceDefinitionExternalName string            `json:"resource_definition_external_name,omitempty"`
	VolumeSizes                    []int64           `json:"volume_sizes,omitempty"`
	SelectFilter                   *AutoSelectFilter `json:"select_filter,omitempty"`
	Partial                        bool              `json:"partial,omitempty"`
	DefinitionsOnly                bool              `json:"definitions_only,omitempty"`
	PeerSlots                      *FlexInt          `json:"peer_slots,omitempty"`
	VolumePassphrases              []string          `json:"volume_passphrases,omitempty"`
	ResourceDefinitionProps        map[string]string `json:"resource_definition_props,omitempty"`
}

// ResourceGroupAdjust asks to bring existing resources in line with their group.
type ResourceGroupAdjust struct {
	SelectFilter *AutoSelectFilter `json:"select_filter,omitempty"`
	SnapNames    []string          `json:"snap_names,omitempty"`
	CopyAllSnaps bool              `json:"copy_all_snaps,omitempty"`
}

// AutoPlaceRequest asks to place replicas automatically.
type AutoPlaceRequest struct {
	DisklessOnRemaining bool              `json:"diskless_on_remaining,omitempty"`
	SelectFilter        *AutoSelectFilter `json:"select_filter"`
	LayerList           []LayerType       `json:"layer_list,omitempty"`
	SnapNames           []string          `json:"snap_names,omitempty"`
	CopyAllSnaps        bool              `json:"copy_all_snaps,omitempty"`
}

// AutoSelectFilter says how many replicas are wanted and where they may go.
type AutoSelectFilter struct {
	PlaceCount              *FlexInt           `json:"place_count,omitempty"`
	AdditionalPlaceCount    *FlexInt           `json:"additional_place_count,omitempty"`
	NodeNameList            []string           `json:"node_name_list,omitzero"`
	StoragePool             string             `json:"storage_pool,omitempty"`
	StoragePoolList         []string           `json:"storage_pool_list,omitzero"`
	StoragePoolDisklessList []string           `json:"storage_pool_diskless_list,omitzero"`
	NotPlaceWithRsc         []string           `json:"not_place_with_rsc,omitzero"`
	NotPlaceWithRscRegex    *string            `json:"not_place_with_rsc_regex,omitempty"`
	ReplicasOnSame          []string           `json:"replicas_on_same,omitzero"`
	ReplicasOnDifferent     []string           `json:"replicas_on_different,omitzero"`
	XReplicasOnDifferentMap map[string]FlexInt `json:"x_replicas_on_different_map,omitzero"`
	LayerStack              []string           `json:"layer_stack,omitzero"`
	ProviderList            []string           `json:"provider_list,omitzero"`
	DisklessOnRemaining     *bool              `json:"diskless_on_remaining,omitempty"`
	DisklessType            string             `json:"diskless_type,omitempty"`
	Overprovision           *float64           `json:"overprovision,omitempty"`
	PortCount               int32              `json:"port_count,omitempty"`
}

// ResourceGroupStats counts the resource groups.
type ResourceGroupStats struct {
	Count int64 `json:"count"`
}
