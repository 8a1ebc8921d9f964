package model

import (
	"strings"
	"time"
)

// NodeType is what a host does in the cluster.
type NodeType string

// Node types that users can make.
const (
	NodeController NodeType = "CONTROLLER"
	NodeSatellite  NodeType = "SATELLITE"
	NodeCombined   NodeType = "COMBINED"
	NodeAuxiliary  NodeType = "AUXILIARY"
)

// HasSatellite tells whether a satellite runs on nodes of the type.
func (t NodeType) HasSatellite() bool { return t == NodeSatellite || t == NodeCombined }

// Node is a host of the cluster.
type Node struct {
	Name       string
	UUID       string
	Type       NodeType
	Props      map[string]string `json:",omitempty"`
	Interfaces []NetInterface    `json:",omitempty"`
	// Active is the name of the interface by which the controller reaches the
	// satellite; empty where there is none.
	Active string `json:",omitempty"`
	// Evacuating nodes are being emptied and take no new replica.
	Evacuating bool `json:",omitempty"`
	// Evicted nodes were given up after a long absence.
	Evicted  bool       `json:",omitempty"`
	Deleting *time.Time `json:",omitempty"`
}

// NetInterface is one address of a node.
type NetInterface struct {
	UUID    string
	Name    string
	Address string
	// Port and Encryption (PLAIN or SSL) are set where a satellite listens there.
	Port       int    `json:",omitempty"`
	Encryption string `json:",omitempty"`
}

// Interface finds an interface by name.
func (n *Node) Interface(name string) (NetInterface, bool) {
	for _, i := range n.Interfaces {
		if strings.EqualFold(i.Name, name) {
			return i, true
		}
	}
	return NetInterface{}, false
}

// SatelliteAddress is the interface by which the controller reaches the satellite.
func (n *Node) SatelliteAddress() (NetInterface, bool) {
	if n.Active == "" {
		return NetInterface{}, false
	}
	return n.Interface(n.Active)
}

// NodeConnection carries properties of a pair of nodes; A < B by key.
type NodeConnection struct {
	A, B  string
	Props map[string]string `json:",omitempty"`
}

// ResourceConnection carries properties of a pair of replicas; A < B by key.
type ResourceConnection struct {
	Definition string
	A, B       string
	Props      map[string]string `json:",omitempty"`
	// Proxy sends the traffic through DRBD Proxy.
	Proxy bool `json:",omitempty"`
}
