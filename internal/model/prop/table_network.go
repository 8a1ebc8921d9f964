package prop

// networkTable chooses net interfaces.
func networkTable() []Property {
	return []Property{
		{Key: "PrefNic", Rule: netInterface(), in: node | pool | def | res | ctrl,
			Help: "Net interface that replication uses"},
		{Key: "Linstor/Drbd/OutsideAddress", Rule: netInterface(), in: ctrl | node | pool | def | res,
			Help: "Net interface whose address peers see from outside"},
		{Key: "Site", in: ctrl | node,
			Help: "Place of the node; between places replication may go through a proxy"},
	}
}

// nvmeTable has the options of the NVMe layer.
func nvmeTable() []Property {
	return []Property{
		{Key: "NVMe/TRType", Rule: oneOf("rdma", "tcp"), Default: "rdma", in: ctrl | def, Help: "Transport of NVMe"},
		{Key: "NVMe/Port", Rule: between(1, 65535), in: ctrl | def, Help: "Port on which NVMe targets listen"},
		{Key: "NVMe/PrefNic", Rule: netInterface(), in: ctrl | pool | res, Help: "Net interface that NVMe uses"},
	}
}
