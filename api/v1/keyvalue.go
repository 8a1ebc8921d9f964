package v1

// KeyValueStore is a client's named set of keys and values.
type KeyValueStore struct {
	Name  string            `json:"name,omitempty"`
	Props map[string]string `json:"props,omitempty"`
}

// KeyValueStoreModify changes keys and values of a set.
type KeyValueStoreModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}
