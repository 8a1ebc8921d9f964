package v1

// Kinds of findings of the doctor.
const (
	// DoctorSplitBrain: two nodes were both written to without the other.
	DoctorSplitBrain = "split-brain"
	// DoctorDoubtful: one node has newer data, but it is not certain that the other
	// has no writes of its own.
	DoctorDoubtful = "doubtful"
	// DoctorUnrelated: two nodes have no data generation in common.
	DoctorUnrelated = "unrelated"
	// DoctorStandAlone: a connection is cut off, and no data is at risk.
	DoctorStandAlone = "stand-alone"
	// DoctorDisconnected: two nodes try to reach each other.
	DoctorDisconnected = "disconnected"
	// DoctorUnreachable: a node's satellite does not answer.
	DoctorUnreachable = "unreachable"
	// DoctorDown: DRBD on a node does not run the resource.
	DoctorDown = "down"
	// DoctorSuspended: writes are held or refused.
	DoctorSuspended = "suspended"
	// DoctorDisk: a disk is not up to date and nothing makes it so.
	DoctorDisk = "disk"
	// DoctorNoGoodCopy: no node that answers has the data up to date.
	DoctorNoGoodCopy = "no-good-copy"
	// DoctorDistrust: a node without a disk takes no copy that it is connected to for good.
	DoctorDistrust = "distrust"
	// DoctorResync: DRBD is bringing a disk up to date.
	DoctorResync = "resync"
)

// DoctorReconnect is the kind of action that joins two nodes again without giving
// up data: DRBD itself finds out what has to be copied, and to where.
const DoctorReconnect = "reconnect"

// DoctorRestart is the kind of action that joins two nodes of which the first has no
// disk and is not in use: DRBD there begins anew, without the memory of data that no
// replica has any more.
const DoctorRestart = "restart"

// DoctorTrust is the kind of action that has a node call its data up to date, where all
// copies are there, connected and the same, and all of them are called outdated.
const DoctorTrust = "trust"

// Diagnosis is what the doctor says about one replicated resource.
type Diagnosis struct {
	ResourceName string `json:"resource_name"`
	// Healthy resources have no findings.
	Healthy  bool            `json:"healthy"`
	Findings []DoctorFinding `json:"findings"`
	// SafeActions give up nothing that was written anywhere.
	SafeActions []DoctorAction `json:"safe_actions"`
	// AutoHeal tells that Holdfast takes the safe actions by itself.
	AutoHeal bool `json:"auto_heal"`
	// Choices are for the user: each keeps the data of one side.
	Choices []DoctorChoice `json:"choices"`
	// Pending are choices that were made and wait until what is given up is kept.
	Pending []DoctorPending `json:"pending,omitempty"`
}

// Phases of a choice that was made and is not carried out yet.
const (
	// DoctorPhaseSnapshot: the snapshot of what is given up is being taken.
	DoctorPhaseSnapshot = "snapshot"
	// DoctorPhaseUsed: the data may have changed since the snapshot; nothing happens
	// until the choice is made again.
	DoctorPhaseUsed = "used"
)

// DoctorPending is a node that gives up its data once that is kept in a snapshot.
type DoctorPending struct {
	Node string `json:"node"`
	// Survivors are the nodes whose data is taken over.
	Survivors []string `json:"survivors"`
	// Snapshot is the name of the snapshot that keeps what is given up.
	Snapshot string `json:"snapshot"`
	Phase    string `json:"phase"`
	// Since is when the choice was made, in milliseconds since 1970.
	Since int64 `json:"since"`
	// Waits says what has to happen first, Correction what helps if it does not.
	Waits      string `json:"waits,omitempty"`
	Correction string `json:"correction,omitempty"`
}

// DoctorFinding is one thing that is not as it should be.
type DoctorFinding struct {
	// Kind is one of the constants, such as split-brain.
	Kind  string   `json:"kind"`
	Nodes []string `json:"nodes"`
	// Words say it to a person.
	Words string `json:"words"`
	// Since is when the controller first saw the connection cut off, in milliseconds
	// since 1970; DRBD does not know when data diverged.
	Since int64 `json:"since,omitempty"`
	// OutOfSyncKiB is how much differs as far as the nodes know; missing where none
	// of them tells.
	OutOfSyncKiB *int64 `json:"out_of_sync_kib,omitempty"`
}

// DoctorAction is what may be done without loss of data.
type DoctorAction struct {
	Kind string `json:"kind"`
	Node string `json:"node"`
	Peer string `json:"peer"`
	// Why is the proof that nothing gets lost.
	Why string `json:"why"`
}

// DoctorChoice keeps the data of one node and gives up that of others.
type DoctorChoice struct {
	Survivor string `json:"survivor"`
	// SameData are nodes with the same data as the survivor.
	SameData []string `json:"same_data,omitempty"`
	Losers   []string `json:"losers"`
	// InUse are the losers that are in use; that has to end first.
	InUse []string `json:"in_use,omitempty"`
	// NoSnapshot says of each loser that can have no snapshot why; what it gives up is
	// lost. Empty where all can: then a snapshot is taken first.
	NoSnapshot []string `json:"no_snapshot,omitempty"`
	// Loss says what is given up.
	Loss string `json:"loss"`
	// Command does it.
	Command string `json:"command"`
}

// DoctorOrder joins the nodes of a resource again: with Reconnect where nothing gets
// lost, with Survivor by giving up the data of the others.
type DoctorOrder struct {
	// Survivor is the node whose data is kept.
	Survivor string `json:"survivor,omitempty"`
	// WithoutSnapshot accepts that the data that is given up is not kept in a snapshot.
	WithoutSnapshot bool `json:"without_snapshot,omitempty"`
	Reconnect       bool `json:"reconnect,omitempty"`
}
