package v1

// VolumeDefinitionLayer is one layer of a volume definition with its data.
type VolumeDefinitionLayer struct {
	Type LayerType `json:"type"`
	Data any       `json:"data,omitempty"`
}

// VolumeDefinition is what one volume has in common on all nodes.
type VolumeDefinition struct {
	VolumeNumber *int32                  `json:"volume_number,omitempty"`
	SizeKiB      int64                   `json:"size_kib"`
	Props        map[string]string       `json:"props,omitempty"`
	Flags        []string                `json:"flags,omitempty"`
	LayerData    []VolumeDefinitionLayer `json:"layer_data,omitempty"`
	UUID         string                  `json:"uuid,omitempty"`
}

// VolumeDefinitionCreate asks for a volume definition.
type VolumeDefinitionCreate struct {
	VolumeDefinition *VolumeDefinition `json:"volume_definition"`
	DRBDMinorNumber  *int32            `json:"drbd_minor_number,omitempty"`
	Passphrase       string            `json:"passphrase,omitempty"`
}

// VolumeDefinitionModify changes a volume definition.
type VolumeDefinitionModify struct {
	SizeKiB          *int64            `json:"size_kib,omitempty"`
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
	Flags            []string          `json:"flags,omitempty"`
}

// VolumeDefinitionModifyPassphrase changes the passphrase of an encrypted volume.
type VolumeDefinitionModifyPassphrase struct {
	NewPassphrase string `json:"new_passphrase"`
}
