package drbd

import (
	"cmp"
	"net/netip"
	"slices"
)

// Resource is one DRBD resource as seen from one node.
type Resource struct {
	// Name and Suffix together are the name that DRBD knows.
	Name   string
	Suffix string
	// Secret authenticates the nodes of this resource to each other.
	Secret string
	// Handlers, Options, Net and Disk are the sections of the resource as a whole.
	Handlers []Option
	Options  []Option
	Net      []Option
	Disk     []Option
	// Local is the name of the node that the file is for; Nodes has it too.
	Local string
	// Nodes are all nodes that DRBD shall know; leave out those that are being
	// deleted or are inactive.
	Nodes   []Node
	Volumes []Volume
	// Connections have what differs from the plain connection of a pair of nodes.
	Connections []Connection
	// Proxy has the settings of DRBD Proxy; nil for none.
	Proxy *Proxy
}

// Node is one member of a resource.
type Node struct {
	// Name is the node's name in the cluster; it gives the order in the file.
	Name string
	// Uname is the host name that the node's kernel reports; DRBD goes by it.
	Uname    string
	NodeID   int
	Diskless bool
	// Client is a diskless node that has no vote.
	Client   bool
	Endpoint Endpoint
	// VolumeOptions are the disk options of this node by volume number.
	VolumeOptions map[int][]Option
}

// Endpoint is where a node listens.
type Endpoint struct {
	Addr netip.Addr
	Port uint16
	// Outside is the address under which peers reach Addr; invalid if it is the same.
	Outside netip.Addr
}

// Volume is one volume of a resource.
type Volume struct {
	Number int
	Minor  int
	// BackingPath is the local lower device; unused on a diskless node.
	BackingPath string
	// MetaPath is the local device for external metadata; empty for internal metadata.
	MetaPath string
	// NoDisk leaves the local disk of this volume out of the file.
	NoDisk bool
	// SizeKiB fixes DRBD's size where it is to be exact; 0 uses the whole device.
	SizeKiB int64
}

// Connection has the settings of a pair of nodes.
type Connection struct {
	// A and B are node names; the order is of no matter.
	A, B       string
	Net        []Option
	PeerDevice []Option
	// VolumeOptions are the peer-device options of single volumes by number.
	VolumeOptions map[int][]Option
	// Paths replace the default path from endpoint to endpoint.
	Paths []Path
	// Proxy sends the traffic through DRBD Proxy on both hosts.
	Proxy bool
}

// Path is one network path of a connection, from A to B of the connection.
type Path struct {
	Name string
	A, B Endpoint
}

// Proxy has the settings of DRBD Proxy.
type Proxy struct {
	Options []Option
	// Compression is zstd, zlib, lz4 or lzma; empty for none.
	Compression        string
	CompressionOptions []Option
}

// Option is one setting with the value that counts.
type Option struct {
	Name  string
	Value string
	// Overrides are values of objects further away that this one hides.
	Overrides []Override
}

// Override is a hidden value and the object it is set on, such as RD (web).
type Override struct {
	Value string
	From  string
}

// FullName is the name under which DRBD knows the resource.
func (r *Resource) FullName() string { return r.Name + r.Suffix }

// local finds the node that the resource is seen from.
func (r *Resource) local() (Node, bool) { return r.node(r.Local) }

func (r *Resource) node(name string) (Node, bool) {
	for i := range r.Nodes {
		if r.Nodes[i].Name == name {
			return r.Nodes[i], true
		}
	}
	return Node{}, false
}

// peers are all nodes but the local one, by name.
func (r *Resource) peers() []Node {
	var out []Node
	for i := range r.Nodes {
		if r.Nodes[i].Name != r.Local {
			out = append(out, r.Nodes[i])
		}
	}
	slices.SortFunc(out, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// linked are the peers that the local node has a connection to: two diskless
// nodes have nothing to tell each other.
func (r *Resource) linked() []Node {
	me, _ := r.local()
	return slices.DeleteFunc(r.peers(), func(n Node) bool { return n.Diskless && me.Diskless })
}

// volumes are the volumes by number.
func (r *Resource) volumes() []Volume {
	return slices.SortedFunc(slices.Values(r.Volumes), func(a, b Volume) int { return cmp.Compare(a.Number, b.Number) })
}

// connection finds the settings of a pair, with its paths turned to start at a.
func (r *Resource) connection(a, b string) Connection {
	for _, c := range r.Connections {
		switch {
		case c.A == a && c.B == b:
			return c
		case c.A == b && c.B == a:
			turned := make([]Path, len(c.Paths))
			for i, p := range c.Paths {
				turned[i] = Path{Name: p.Name, A: p.B, B: p.A}
			}
			c.A, c.B, c.Paths = a, b, turned
			return c
		}
	}
	return Connection{A: a, B: b}
}
