package node

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
)

// legacyNode is a node in the v0 shape.
type legacyNode struct {
	Name             string              `json:"name"`
	Type             string              `json:"type"`
	UUID             string              `json:"uuid"`
	ConnectionStatus int                 `json:"connection_status"`
	Props            []cli.LegacyProp    `json:"props,omitempty"`
	NetInterfaces    []legacyInterface   `json:"net_interfaces,omitempty"`
	Flags            []string            `json:"flags,omitempty"`
	Providers        []v1.ProviderKind   `json:"storage_providers,omitempty"`
	Layers           []v1.LayerType      `json:"resource_layers,omitempty"`
	NoProviders      map[string][]string `json:"unsupported_providers,omitempty"`
	NoLayers         map[string][]string `json:"unsupported_layers,omitempty"`
}

type legacyInterface struct {
	Name           string `json:"name"`
	Address        string `json:"address"`
	StltPort       int64  `json:"stlt_port,omitempty"`
	EncryptionType string `json:"stlt_encryption_type,omitempty"`
	UUID           string `json:"uuid,omitempty"`
}

// legacyStatus numbers the connection states as the protocol before REST did.
func legacyStatus(status string) int {
	for i, s := range []string{"OFFLINE", "CONNECTED", "ONLINE", "VERSION_MISMATCH", "FULL_SYNC_FAILED",
		"AUTHENTICATION_ERROR", "UNKNOWN", "HOSTNAME_MISMATCH", "OTHER_CONTROLLER", "AUTHENTICATED", "NO_STLT_CONN"} {
		if strings.EqualFold(s, status) {
			return i
		}
	}
	return 6
}

func legacy(nodes []v1.Node) any {
	out := []legacyNode{}
	for _, n := range nodes {
		l := legacyNode{Name: n.Name, Type: n.Type, UUID: n.UUID, ConnectionStatus: legacyStatus(n.ConnectionStatus),
			Props: cli.LegacyProps(n.Props), Flags: n.Flags,
			Providers: n.StorageProviders, Layers: n.ResourceLayers, NoProviders: n.UnsupportedProviders, NoLayers: n.UnsupportedLayers}
		for _, i := range n.NetInterfaces {
			li := legacyInterface{Name: i.Name, Address: i.Address, EncryptionType: i.SatelliteEncryptionType, UUID: i.UUID}
			if i.SatellitePort != nil {
				li.StltPort = int64(*i.SatellitePort)
			}
			l.NetInterfaces = append(l.NetInterfaces, li)
		}
		out = append(out, l)
	}
	return map[string]any{"nodes": out}
}
