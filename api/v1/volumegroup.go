package v1

// VolumeGroup is a template for one volume of a resource group.
type VolumeGroup struct {
	VolumeNumber *int32            `json:"volume_number,omitempty"`
	Props        map[string]string `json:"props,omitempty"`
	UUID         string            `json:"uuid,omitempty"`
	Flags        []string          `json:"flags,omitempty"`
}

// VolumeGroupModify changes a volume group.
type VolumeGroupModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	Flags            []string          `json:"flags,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}
