package prop

// Class is the kind of object that a property is set on, as the API spells it.
type Class string

// Classes of objects with properties.
const (
	Controller            Class = "CONTROLLER"
	Node                  Class = "NODE"
	StoragePool           Class = "STORAGEPOOL"
	StoragePoolDefinition Class = "STORAGEPOOL_DEFINITION"
	ResourceGroup         Class = "RESOURCE_GROUP"
	VolumeGroup           Class = "VOLUME_GROUP"
	ResourceDefinition    Class = "RESOURCE_DEFINITION"
	VolumeDefinition      Class = "VOLUME_DEFINITION"
	Resource              Class = "RESOURCE"
	Volume                Class = "VOLUME"
	NodeConnection        Class = "NODE_CONNECTION"
	ResourceConnection    Class = "RESOURCE_CONNECTION"
	Snapshot              Class = "SNAPSHOT"
	DRBDProxy             Class = "DRBD_PROXY"
	DRBDProxyLZ4          Class = "DRBD_PROXY_LZ4"
	DRBDProxyLZMA         Class = "DRBD_PROXY_LZMA"
	DRBDProxyZlib         Class = "DRBD_PROXY_ZLIB"
	DRBDProxyZstd         Class = "DRBD_PROXY_ZSTD"
)

// set is a set of classes.
type set uint32

// Sets by which the tables say where a property belongs. A group takes what its
// definitions take.
const (
	ctrl set = 1 << iota
	node
	pool
	poolDef
	group
	volGroup
	rscDef
	volDef
	res
	vol
	nodeConn
	rscConn
	snap
	proxy
	proxyLZ4
	proxyLZMA
	proxyZlib
	proxyZstd

	def     = rscDef | group
	volume  = volDef | volGroup
	conn    = nodeConn | rscConn
	objects = ctrl | node | pool | poolDef | def | volume | res | vol | conn | snap
)

// Classes lists all classes, in the order of their bits.
func Classes() []Class {
	return []Class{Controller, Node, StoragePool, StoragePoolDefinition, ResourceGroup, VolumeGroup, ResourceDefinition,
		VolumeDefinition, Resource, Volume, NodeConnection, ResourceConnection, Snapshot,
		DRBDProxy, DRBDProxyLZ4, DRBDProxyLZMA, DRBDProxyZlib, DRBDProxyZstd}
}

// classes lists the members of the set.
func (s set) classes() []Class {
	var out []Class
	for i, c := range Classes() {
		if s&(1<<i) != 0 {
			out = append(out, c)
		}
	}
	return out
}

// bit is the class as a set of one; empty for an unknown class.
func (c Class) bit() set {
	for i, k := range Classes() {
		if k == c {
			return 1 << i
		}
	}
	return 0
}

// Words names the class as people do.
func (c Class) Words() string {
	switch c {
	case Controller:
		return "the controller"
	case Node:
		return "a node"
	case StoragePool:
		return "a storage pool"
	case StoragePoolDefinition:
		return "a storage pool definition"
	case ResourceGroup:
		return "a resource group"
	case VolumeGroup:
		return "a volume group"
	case ResourceDefinition:
		return "a resource definition"
	case VolumeDefinition:
		return "a volume definition"
	case Resource:
		return "a resource"
	case Volume:
		return "a volume"
	case NodeConnection:
		return "a node connection"
	case ResourceConnection:
		return "a resource connection"
	case Snapshot:
		return "a snapshot"
	}
	return "the DRBD proxy settings"
}
