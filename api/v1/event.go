package v1

// EventMayPromoteChange tells that a replica can, or can no longer, become primary.
type EventMayPromoteChange struct {
	ResourceName string `json:"resource_name,omitempty"`
	NodeName     string `json:"node_name,omitempty"`
	MayPromote   bool   `json:"may_promote"`
}

// EventNode tells that a node was added or removed.
type EventNode struct {
	Node *Node `json:"node,omitempty"`
}

// EventNodeModified tells how a node looked before and after a change.
type EventNodeModified struct {
	OldNode *Node `json:"old_node,omitempty"`
	NewNode *Node `json:"new_node,omitempty"`
}
