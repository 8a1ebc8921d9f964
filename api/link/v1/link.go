// Package link holds the messages between controller and satellite. They are JSON
// over HTTP, so that either side ignores what it does not know: a satellite works
// with a controller one version older or newer.
//
// Invariant: a message never orders something to happen ("create this"); it says
// what is wanted, and reports say what is. Lost and repeated messages are harmless.
package link

import (
	"github.com/holdfast-storage/holdfast/api/v1"
)

// Versions of the protocol. A change that an older side cannot ignore raises
// Version; a side speaks Version and MinVersion..Version.
const (
	Version    = 1
	MinVersion = 1
)

// Paths of the satellite's HTTP server.
const (
	PathHello    = "/link/hello"
	PathApply    = "/link/apply"
	PathWatch    = "/link/watch"
	PathPing     = "/link/ping"
	PathPlan     = "/link/plan"
	PathPhysical = "/link/physical"
	PathInspect  = "/link/inspect"
	PathLogLevel = "/link/log-level"
)

// Default ports of a satellite.
const (
	PortPlain = 3366
	PortTLS   = 3367
)

// Fence says on whose behalf a message is sent. A satellite refuses a lower epoch
// of the same cluster, so that a deposed controller can change nothing.
type Fence struct {
	Cluster string `json:"cluster"`
	// Controller is the identity of the controller process.
	Controller string `json:"controller"`
	Epoch      uint64 `json:"epoch"`
}

// Hello opens a session.
type Hello struct {
	Fence      Fence  `json:"fence"`
	Version    int    `json:"version"`
	MinVersion int    `json:"min_version"`
	Program    string `json:"program"`
	Node       string `json:"node"`
	NodeUUID   string `json:"node_uuid"`
}

// Welcome is the satellite's answer to Hello.
type Welcome struct {
	// Version is the protocol version of the session: the highest both speak.
	Version int    `json:"version"`
	Program string `json:"program"`
	// Session names this run of the satellite; it changes when the satellite restarts.
	Session string `json:"session"`
	// Have is the number of the set that the satellite holds, 0 for none.
	Have                 uint64              `json:"have"`
	Uname                string              `json:"uname"`
	OS                   string              `json:"os"`
	Providers            []v1.ProviderKind   `json:"providers"`
	Layers               []v1.LayerType      `json:"layers"`
	UnsupportedProviders map[string][]string `json:"unsupported_providers,omitempty"`
	UnsupportedLayers    map[string][]string `json:"unsupported_layers,omitempty"`
	Warnings             []string            `json:"warnings,omitempty"`
	// Crypto are the hash algorithms of the host's kernel, by which DRBD can verify.
	Crypto []string `json:"crypto,omitempty"`
	// Versions are those of kernel modules and tools by name, where they matter to the
	// controller: drbd and drbd-utils.
	Versions map[string]string `json:"versions,omitempty"`
}

// Set is what a node shall have: everything (Full), or the difference to set Base.
type Set struct {
	Fence Fence  `json:"fence"`
	Full  bool   `json:"full,omitempty"`
	Base  uint64 `json:"base"`
	// Number is the number of the set that this message leads to.
	Number    uint64     `json:"number"`
	Pools     []Pool     `json:"pools,omitempty"`
	Resources []Resource `json:"resources,omitempty"`
	// Forget lists what the controller has no record of any more; the satellite
	// stops tending it and leaves its devices alone.
	ForgetPools     []string `json:"forget_pools,omitempty"`
	ForgetResources []string `json:"forget_resources,omitempty"`
}

// Applied is the answer to Set.
type Applied struct {
	Number uint64 `json:"number"`
}

// Pool is a storage pool of the node.
type Pool struct {
	Name    string            `json:"name"`
	Kind    v1.ProviderKind   `json:"kind"`
	Backing string            `json:"backing,omitempty"`
	Props   map[string]string `json:"props,omitempty"`
}

// Resource is a replica that the node shall have or, with Delete, shall not have.
type Resource struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
	// Fingerprint identifies this instruction; reports repeat it.
	Fingerprint string         `json:"fingerprint"`
	Stack       []v1.LayerType `json:"stack"`
	Diskless    bool           `json:"diskless,omitempty"`
	// Inactive replicas keep their storage but have no usable device.
	Inactive bool `json:"inactive,omitempty"`
	// Delete is the grant to destroy the replica's volumes.
	Delete  bool              `json:"delete,omitempty"`
	Props   map[string]string `json:"props,omitempty"`
	Volumes []Volume          `json:"volumes,omitempty"`
	// DRBD is set where the stack has the DRBD layer.
	DRBD *DRBD `json:"drbd,omitempty"`
	// NVMe is set where the stack has the NVMe layer.
	NVMe *NVMe `json:"nvme,omitempty"`
	// Snapshots are those of which the node holds a part. Without stack and volumes the
	// instruction is about nothing else: the replica is gone, and they stay.
	Snapshots []Snapshot `json:"snapshots,omitempty"`
}

// NVMe says how a replica takes part in NVMe over fabrics.
type NVMe struct {
	// Subsystem is the NVMe qualified name; target and initiators share it.
	Subsystem string `json:"subsystem"`
	// Initiator nodes use the target's device; the other ones are the target.
	Initiator bool `json:"initiator,omitempty"`
	// Transport is tcp, rdma or loop.
	Transport string `json:"transport"`
	Address   string `json:"address"`
	Port      int    `json:"port"`
	// Identity is the same for target and initiators, and another one for a resource
	// of the same name that is made later: the definition's UUID.
	Identity string `json:"identity,omitempty"`
}

// Volume is a volume of a replica.
type Volume struct {
	Number int    `json:"number"`
	UUID   string `json:"uuid"`
	Pool   string `json:"pool"`
	// SizeKiB is the usable size that the top of the stack must have, or with
	// Gross the size of the storage.
	SizeKiB int64 `json:"size_kib"`
	Gross   bool  `json:"gross,omitempty"`
	// Create is the grant to make the volume. It ends once the volume was seen: one
	// that has vanished since is reported, never replaced by an empty one. It is no
	// part of the fingerprint.
	Create bool `json:"create,omitempty"`
	// Format is the grant to make the file system of property FileSystem/Type on the
	// new volume; it ends once one was reported, and is no part of the fingerprint.
	Format bool `json:"format,omitempty"`
	// Delete is the grant to destroy the volume.
	Delete bool `json:"delete,omitempty"`
	// Elsewhere tells of a volume with Delete that its data stays on another node, the
	// NVMe target: what a cache here has not written back yet must get there first.
	Elsewhere bool `json:"elsewhere,omitempty"`
	// Drop is the grant to destroy the volume's storage, and the layers below DRBD,
	// while the replica stays as a diskless one.
	Drop  bool              `json:"drop,omitempty"`
	Props map[string]string `json:"props,omitempty"`
	// Parts are further devices of the volume by suffix, such as .meta for DRBD's
	// external metadata or .cache for a write cache.
	Parts []Part `json:"parts,omitempty"`
	// LUKS is set where the stack has the LUKS layer.
	LUKS *LUKS `json:"luks,omitempty"`
}

// Part is a further device of a volume. It is made and destroyed with the volume.
type Part struct {
	Suffix string `json:"suffix"`
	UUID   string `json:"uuid"`
	Pool   string `json:"pool"`
	// SizeKiB is the size that the device must have; 0 lets the layer decide.
	SizeKiB int64             `json:"size_kib"`
	Props   map[string]string `json:"props,omitempty"`
}

// LUKS is the encryption of a volume.
type LUKS struct {
	// Passphrase opens the volume; empty while the cluster's master passphrase has not
	// been entered, or on a copy that is kept on disk. It is never written anywhere.
	Passphrase string `json:"passphrase,omitempty"`
	// Former is the passphrase before the last change; empty for none.
	Former string `json:"former,omitempty"`
	// Mark changes whenever a passphrase does, or becomes known; it tells nothing
	// about them.
	Mark string `json:"mark,omitempty"`
	// Corrupt tells that the controller has a passphrase that it cannot decrypt.
	Corrupt bool `json:"corrupt,omitempty"`
}

// Report is one line of the Watch stream. Each report is about the newest state;
// older ones may be lost.
type Report struct {
	// Heartbeat lines carry nothing else.
	Heartbeat bool             `json:"heartbeat,omitempty"`
	Session   string           `json:"session,omitempty"`
	Number    uint64           `json:"number,omitempty"`
	Pools     []PoolReport     `json:"pools,omitempty"`
	Resources []ResourceReport `json:"resources,omitempty"`
	// Errors are reports of what failed unexpectedly. Each is told once.
	Errors []ErrorReport `json:"errors,omitempty"`
}

// ErrorReport tells of something that failed unexpectedly on a node. It has no secrets.
type ErrorReport struct {
	ID string `json:"id"`
	// TimeMS is when it happened, in milliseconds since 1970.
	TimeMS    int64  `json:"time_ms"`
	Version   string `json:"version,omitempty"`
	Operation string `json:"operation,omitempty"`
	// Resource is what it is about; empty for the node.
	Resource   string `json:"resource,omitempty"`
	Message    string `json:"message"`
	Cause      string `json:"cause,omitempty"`
	Correction string `json:"correction,omitempty"`
	Details    string `json:"details,omitempty"`
}

// PoolReport is the observed state of a pool.
type PoolReport struct {
	Name           string  `json:"name"`
	FreeKiB        int64   `json:"free_kib"`
	TotalKiB       int64   `json:"total_kib"`
	DataPercent    float64 `json:"data_percent"`
	MetaPercent    float64 `json:"meta_percent"`
	GranularityKiB int64   `json:"granularity_kib,omitempty"`
	MinIOSizeBytes int64   `json:"min_io_size_bytes,omitempty"`
	// NoSnapshots is why the pool takes no snapshots although its kind has them; empty
	// where nothing is known against it.
	NoSnapshots string        `json:"no_snapshots,omitempty"`
	Problem     *v1.ApiCallRc `json:"problem,omitempty"`
}

// ResourceReport is the observed state of a replica.
type ResourceReport struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	// Progress is working, ready, failed or gone.
	Progress string         `json:"progress"`
	Doing    string         `json:"doing,omitempty"`
	Problem  *v1.ApiCallRc  `json:"problem,omitempty"`
	InUse    *bool          `json:"in_use,omitempty"`
	Volumes  []VolumeReport `json:"volumes,omitempty"`
	DRBD     *DRBDReport    `json:"drbd,omitempty"`
	// Snapshots are those of the instruction.
	Snapshots []SnapshotReport `json:"snapshots,omitempty"`
}

// VolumeReport is the observed state of a volume.
type VolumeReport struct {
	Number       int    `json:"number"`
	DevicePath   string `json:"device_path,omitempty"`
	AllocatedKiB int64  `json:"allocated_kib"`
	UsableKiB    int64  `json:"usable_kib"`
	DiskState    string `json:"disk_state,omitempty"`
	Gone         bool   `json:"gone,omitempty"`
	// FileSystem is what was found or made where link.Volume.Format allows it; empty
	// otherwise.
	FileSystem string `json:"file_system,omitempty"`
	// Dropped tells that the storage is gone, as link.Volume.Drop allows.
	Dropped bool          `json:"dropped,omitempty"`
	Layers  []LayerReport `json:"layers,omitempty"`
	// DRBD is set where the stack has the DRBD layer.
	DRBD *DRBDVolumeReport `json:"drbd,omitempty"`
}

// LayerReport is one layer of a volume, top first.
type LayerReport struct {
	Layer        v1.LayerType `json:"layer"`
	DevicePath   string       `json:"device_path,omitempty"`
	BackingPath  string       `json:"backing_path,omitempty"`
	AllocatedKiB int64        `json:"allocated_kib"`
	UsableKiB    int64        `json:"usable_kib"`
	DiskState    string       `json:"disk_state,omitempty"`
	// Suffix is that of the part that the report is about; empty for the data.
	Suffix string `json:"suffix,omitempty"`
	// Opened is about LUKS: the volume is unlocked.
	Opened bool `json:"opened,omitempty"`
}

// PlanRequest asks what the satellite would do if it got the set; nothing changes.
type PlanRequest struct {
	Set Set `json:"set"`
}

// PlanAnswer is the satellite's answer to PlanRequest.
type PlanAnswer struct {
	Steps []PlanStep `json:"steps"`
}

// PlanStep is one step that the satellite would execute.
type PlanStep struct {
	Resource    string        `json:"resource"`
	Volume      int           `json:"volume"`
	Layer       v1.LayerType  `json:"layer"`
	Command     string        `json:"command"`
	Why         string        `json:"why"`
	Effect      string        `json:"effect"`
	Destructive bool          `json:"destructive,omitempty"`
	Problem     *v1.ApiCallRc `json:"problem,omitempty"`
}

// PhysicalDevice is an unused block device of a node.
type PhysicalDevice struct {
	Device     string `json:"device"`
	SizeBytes  int64  `json:"size_bytes"`
	Rotational bool   `json:"rotational"`
	Model      string `json:"model,omitempty"`
	Serial     string `json:"serial,omitempty"`
	WWN        string `json:"wwn,omitempty"`
}

// PhysicalRequest lists unused devices or, with Create, makes a pool of some.
type PhysicalRequest struct {
	Fence  Fence                     `json:"fence"`
	Create *v1.PhysicalStorageCreate `json:"create,omitempty"`
	// Plan asks for the steps only.
	Plan bool `json:"plan,omitempty"`
}

// PhysicalAnswer is the answer to PhysicalRequest.
type PhysicalAnswer struct {
	Devices []PhysicalDevice `json:"devices,omitempty"`
	// Backing is StorDriver/StorPoolName of the pool that was made.
	Backing string     `json:"backing,omitempty"`
	Steps   []PlanStep `json:"steps,omitempty"`
}

// Refusal is the body of every answer that is not 200: a fault as the API shows it.
type Refusal struct {
	Problem v1.ApiCallRc `json:"problem"`
	// State is the connection state that the refusal means, such as OTHER_CONTROLLER.
	State string `json:"state,omitempty"`
	// NeedFull asks for a full set: the base did not match.
	NeedFull bool `json:"need_full,omitempty"`
}
