package link

// DRBD is what a node shall know of a replica's DRBD resource.
type DRBD struct {
	// Secret authenticates the nodes of this resource to each other.
	Secret string `json:"secret"`
	// Nodes are all nodes that DRBD shall know, the own one too; those that are being
	// deleted or are inactive are left out.
	Nodes []DRBDNode `json:"nodes"`
	// Handlers, Options, Net and Disk are the sections of the resource as a whole.
	Handlers    []DRBDOption     `json:"handlers,omitempty"`
	Options     []DRBDOption     `json:"options,omitempty"`
	Net         []DRBDOption     `json:"net,omitempty"`
	Disk        []DRBDOption     `json:"disk,omitempty"`
	Connections []DRBDConnection `json:"connections,omitempty"`
	Proxy       *DRBDProxy       `json:"proxy,omitempty"`
	Volumes     []DRBDVolume     `json:"volumes,omitempty"`
	// Forget has the node ids of peers that are gone for good.
	Forget []int `json:"forget,omitempty"`
	// SkipDisk leaves lower devices alone, after they failed.
	SkipDisk bool `json:"skip_disk,omitempty"`
	// Reconnect has the node ids of peers to which a connection that is StandAlone is
	// to be made again; Discard those towards which this node gives up its own data
	// with it, if both have written without the other.
	Reconnect []int `json:"reconnect,omitempty"`
	Discard   []int `json:"discard,omitempty"`
	// Retract has the node ids of peers towards which data is no longer to be given up:
	// a connection to them that is not made is taken out of the kernel with that word, and
	// made anew when this instruction has ended.
	Retract []int `json:"retract,omitempty"`
	// Restart orders a node without a disk, once for each value, to take the resource out
	// of the kernel, if nobody uses it, and to begin anew: DRBD forgets then which data its
	// users have seen. 0 is no order.
	Restart int64 `json:"restart,omitempty"`
	// Trust orders a node to call its disks up to date, if all nodes with a disk are
	// connected, nobody uses the resource, and all call their disks outdated.
	Trust bool `json:"trust,omitempty"`
	// MayKeep tells that the own node, said to be diskless, may still have a disk that it
	// must not let go of before a peer has the data; all that is told of disks and peers
	// suffices to go on with it.
	MayKeep bool `json:"may_keep,omitempty"`
	// Staying has, where the replica is to be deleted, by volume the node ids of those with
	// a disk that stay: data that none of them has is not to go before they had it.
	Staying map[int][]int `json:"staying,omitempty"`
}

// DRBDNode is one member of a DRBD resource.
type DRBDNode struct {
	Name string `json:"name"`
	// Uname is the host name that the node's kernel reports.
	Uname    string `json:"uname"`
	NodeID   int    `json:"node_id"`
	Diskless bool   `json:"diskless,omitempty"`
	// Client is a diskless node that has no vote.
	Client  bool   `json:"client,omitempty"`
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Outside is the address under which peers reach Address; empty if it is the same.
	Outside string `json:"outside,omitempty"`
	// VolumeOptions are the disk options of this node by volume number.
	VolumeOptions map[int][]DRBDOption `json:"volume_options,omitempty"`
}

// DRBDOption is one setting with the value that counts.
type DRBDOption struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Overrides are values of objects further away that this one hides.
	Overrides []DRBDOverride `json:"overrides,omitempty"`
}

// DRBDOverride is a hidden value and the object it is set on, such as RD (web).
type DRBDOverride struct {
	Value string `json:"value"`
	From  string `json:"from"`
}

// DRBDConnection has what differs from the plain connection of a pair of nodes.
type DRBDConnection struct {
	A          string       `json:"a"`
	B          string       `json:"b"`
	Net        []DRBDOption `json:"net,omitempty"`
	PeerDevice []DRBDOption `json:"peer_device,omitempty"`
	// Volumes are the peer-device options of single volumes by number.
	Volumes map[int][]DRBDOption `json:"volumes,omitempty"`
	Paths   []DRBDPath           `json:"paths,omitempty"`
	// Proxy sends the traffic through DRBD Proxy on both hosts.
	Proxy bool `json:"proxy,omitempty"`
}

// DRBDPath is one network path of a connection, from A to B of the connection.
type DRBDPath struct {
	Name     string `json:"name"`
	AddressA string `json:"address_a"`
	PortA    int    `json:"port_a"`
	OutsideA string `json:"outside_a,omitempty"`
	AddressB string `json:"address_b"`
	PortB    int    `json:"port_b"`
	OutsideB string `json:"outside_b,omitempty"`
}

// DRBDProxy has the settings of DRBD Proxy.
type DRBDProxy struct {
	Options            []DRBDOption `json:"options,omitempty"`
	Compression        string       `json:"compression,omitempty"`
	CompressionOptions []DRBDOption `json:"compression_options,omitempty"`
}

// DRBDVolume is one volume of a DRBD resource.
type DRBDVolume struct {
	Number int `json:"number"`
	Minor  int `json:"minor"`
	// ExternalMeta puts the metadata onto the volume's part with the suffix ".meta".
	ExternalMeta bool `json:"external_meta,omitempty"`
	// ExactKiB fixes DRBD's size; 0 uses the whole device.
	ExactKiB int64 `json:"exact_kib,omitempty"`
	// Peers, ALStripes, ALStripeKiB and BitmapBlockKiB lay out the metadata; 0 is the
	// default of the layer.
	Peers          int `json:"peers,omitempty"`
	ALStripes      int `json:"al_stripes,omitempty"`
	ALStripeKiB    int `json:"al_stripe_kib,omitempty"`
	BitmapBlockKiB int `json:"bitmap_block_kib,omitempty"`
	// Start says how new metadata begins: winner, skip or full. It is used only with
	// the grant to create the volume.
	Start string `json:"start,omitempty"`
	// Anew allows to begin so on metadata of a disk, too, that was about to be removed.
	Anew bool `json:"anew,omitempty"`
	// Day0 and Random are the first generation identifiers, in hexadecimal digits.
	Day0   string `json:"day0,omitempty"`
	Random string `json:"random,omitempty"`
	// KeepsData tells that the new device has data that is meant to be there.
	KeepsData bool `json:"keeps_data,omitempty"`
	// GrowKiB orders this node to make DRBD use that much of the grown lower devices
	// (net size); 0 for no order. GrowClean skips the resync of the new part.
	GrowKiB   int64 `json:"grow_kib,omitempty"`
	GrowClean bool  `json:"grow_clean,omitempty"`
}

// DRBDReport is the observed state of a replica's DRBD resource.
type DRBDReport struct {
	// Role is Primary or Secondary.
	Role string `json:"role"`
	// Suspended says why I/O is held: user, no-data, fencing or quorum; empty for no.
	Suspended      []string   `json:"suspended,omitempty"`
	MayPromote     *bool      `json:"may_promote,omitempty"`
	PromotionScore int        `json:"promotion_score"`
	Links          []DRBDLink `json:"links,omitempty"`
	// Warnings are what no step may mend and the user should know.
	Warnings []string `json:"warnings,omitempty"`
	// Kept tells that nothing is left to do but to let go of a disk, which waits until
	// others have the data.
	Kept bool `json:"kept,omitempty"`
	// Follows tells that DRBD has the peers and options of the instruction, whatever else is
	// still waited for. A satellite that does not know the field tells nothing by it.
	Follows bool `json:"follows,omitempty"`
}

// DRBDLink is the connection to one peer.
type DRBDLink struct {
	// Peer is the name of the peer's node in the cluster.
	Peer   string `json:"peer"`
	NodeID int    `json:"node_id"`
	// State is DRBD's connection state, such as Connected or StandAlone.
	State   string           `json:"state"`
	Role    string           `json:"role,omitempty"`
	Volumes []DRBDPeerVolume `json:"volumes,omitempty"`
}

// DRBDPeerVolume is a peer's part of a volume.
type DRBDPeerVolume struct {
	Number      int    `json:"number"`
	Replication string `json:"replication"`
	Disk        string `json:"disk"`
	// DonePercent is the progress of a resync or verification; −1 while none runs.
	DonePercent  float64 `json:"done_percent"`
	OutOfSyncKiB int64   `json:"out_of_sync_kib"`
}

// DRBDVolumeReport is the observed state of a volume at the DRBD layer.
type DRBDVolumeReport struct {
	Minor int `json:"minor"`
	// Quorum and Open are nil where DRBD does not tell.
	Quorum *bool `json:"quorum,omitempty"`
	Open   *bool `json:"open,omitempty"`
	// MetaReady tells that metadata is in use or complete: it needs not be made.
	MetaReady bool `json:"meta_ready,omitempty"`
	// Current is the current generation identifier, if it was read.
	Current string `json:"current,omitempty"`
}
