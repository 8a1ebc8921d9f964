package v1

// Plan is the answer of every mutating call that is made with dry_run=true: what
// would be changed, on which nodes, with which commands, and what that means for
// the redundancy of the data. Nothing has been changed when it is given.
type Plan struct {
	// Messages are the answer entries that the real call would give.
	Messages []ApiCallRc `json:"messages,omitempty"`
	// Changes are the changes of the desired state.
	Changes []PlanChange `json:"changes,omitempty"`
	// Nodes are the steps that each node would run.
	Nodes []NodePlan `json:"nodes,omitempty"`
	// Redundancy tells how the safety of the data changes.
	Redundancy []RedundancyChange `json:"redundancy,omitempty"`
	// Placement is what the autoplacer thinks of every candidate.
	Placement []PlacementVerdict `json:"placement,omitempty"`
}

// PlanAction says what happens to an object of the desired state.
type PlanAction string

// The actions of a PlanChange.
const (
	PlanActionCreate  PlanAction = "create"
	PlanActionModify  PlanAction = "modify"
	PlanActionDestroy PlanAction = "destroy"
)

// PlanChange is one change of the desired state.
type PlanChange struct {
	// Object is the kind of the object, such as "resource".
	Object string `json:"object"`
	Name   string `json:"name"`
	// Node is empty for objects that do not belong to a node.
	Node    string     `json:"node,omitempty"`
	Action  PlanAction `json:"action"`
	Details string     `json:"details,omitempty"`
}

// NodePlan is what one node would do.
type NodePlan struct {
	Node string `json:"node"`
	// Reachable is false when the node could not be asked; Why says the reason.
	Reachable bool       `json:"reachable"`
	Why       string     `json:"why,omitempty"`
	Steps     []PlanStep `json:"steps,omitempty"`
}

// PlanStep is one command or file change on a node.
type PlanStep struct {
	Resource    string `json:"resource,omitempty"`
	Volume      *int32 `json:"volume,omitempty"`
	Layer       string `json:"layer,omitempty"`
	Command     string `json:"command"`
	Why         string `json:"why,omitempty"`
	Effect      string `json:"effect,omitempty"`
	Destructive bool   `json:"destructive,omitempty"`
}

// RedundancyChange compares the safety of one resource before and after.
type RedundancyChange struct {
	Resource string `json:"resource"`
	Before   string `json:"before"`
	After    string `json:"after"`
	Warning  string `json:"warning,omitempty"`
}

// PlacementVerdict is the autoplacer's opinion of one storage pool.
type PlacementVerdict struct {
	Node        string  `json:"node"`
	StoragePool string  `json:"storage_pool,omitempty"`
	Verdict     string  `json:"verdict"`
	Score       float64 `json:"score,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	// Code is a stable short name of the reason, for programs.
	Code string `json:"code,omitempty"`
}
