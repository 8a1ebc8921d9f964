package prop

// commandTable has the limits for external commands on nodes.
func commandTable() []Property {
	return []Property{
		{Key: "ExtCmd/WaitTimeout", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "How long an external command may run"},
		{Key: "ExtCmd/TermTimeout", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "How long a command may take to end once it was asked to"},
		{Key: "ExtCmd/KillTimeout", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "How long a command may take to vanish once it was killed"},
		{Key: "ExtCmd/IoStallTimeout", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "How long a watched command may do no input or output before it is given up"},
		{Key: "ExtCmd/IoPollInterval", Rule: whole(), Unit: "milliseconds", in: ctrl | node,
			Help: "Time between two looks at a watched command's input and output"},
		{Key: "ExtCmdWaitTimeout", Rule: whole(), Unit: "milliseconds", in: ctrl, ReplacedBy: "ExtCmd/WaitTimeout",
			Help: "Former name of ExtCmd/WaitTimeout", Deprecated: "Use 'ExtCmd/WaitTimeout'."},
	}
}
