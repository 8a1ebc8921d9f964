package v1

// ReactorExecRequest asks to run a drbd-reactor command on nodes.
type ReactorExecRequest struct {
	Nodes    []string `json:"nodes"`
	Resource string   `json:"resource,omitempty"`
	Wait     bool     `json:"wait,omitempty"`
}

// ReactorPluginRequest asks to put a drbd-reactor configuration on nodes.
type ReactorPluginRequest struct {
	Nodes  []string `json:"nodes"`
	Config string   `json:"config"`
	Now    bool     `json:"now,omitempty"`
}

// ReactorExecResponse is what drbd-reactor answered on one node.
type ReactorExecResponse struct {
	Node       string `json:"node"`
	ExitCode   int64  `json:"exit_code"`
	StdoutUtf8 string `json:"stdout_utf8,omitempty"`
	StderrUtf8 string `json:"stderr_utf8,omitempty"`
	ActiveNode string `json:"active_node,omitempty"`
}
