package v1

// NodeConnection holds the properties of a pair of nodes.
type NodeConnection struct {
	NodeA string            `json:"node_a,omitempty"`
	NodeB string            `json:"node_b,omitempty"`
	Props map[string]string `json:"props,omitempty"`
}

// NodeConnectionModify changes the properties of a pair of nodes.
type NodeConnectionModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// ResourceConnection holds properties and DRBD settings between two replicas.
type ResourceConnection struct {
	NodeA          string            `json:"node_a,omitempty"`
	NodeB          string            `json:"node_b,omitempty"`
	Props          map[string]string `json:"props,omitempty"`
	Flags          []string          `json:"flags,omitempty"`
	Port           int64             `json:"port,omitempty"`
	DRBDProxyPortA int64             `json:"drbd_proxy_port_a,omitempty"`
	DRBDProxyPortB int64             `json:"drbd_proxy_port_b,omitempty"`
}

// ResourceConnectionModify changes the properties between two replicas.
type ResourceConnectionModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// DrbdProxyEnable asks to put DRBD Proxy between two replicas.
type DrbdProxyEnable struct {
	Port       int32 `json:"port,omitempty"`
	PortSrc    int32 `json:"port_src,omitempty"`
	PortTarget int32 `json:"port_target,omitempty"`
}

// DrbdProxyModify changes the settings of DRBD Proxy.
type DrbdProxyModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	CompressionType  string            `json:"compression_type,omitempty"`
	CompressionProps map[string]string `json:"compression_props,omitempty"`
}
