package v1

// ErrorReport is one stored error, with its text where that was asked for.
type ErrorReport struct {
	NodeName         string `json:"node_name,omitempty"`
	ErrorTime        int64  `json:"error_time"`
	Filename         string `json:"filename,omitempty"`
	Text             string `json:"text,omitempty"`
	Module           string `json:"module,omitempty"`
	Version          string `json:"version,omitempty"`
	Peer             string `json:"peer,omitempty"`
	Exception        string `json:"exception,omitempty"`
	ExceptionMessage string `json:"exception_message,omitempty"`
	OriginFile       string `json:"origin_file,omitempty"`
	OriginMethod     string `json:"origin_method,omitempty"`
	OriginLine       int32  `json:"origin_line,omitempty"`
}

// ErrorReportDelete chooses the error reports to delete.
type ErrorReportDelete struct {
	Since     int64    `json:"since,omitempty"`
	To        int64    `json:"to,omitempty"`
	Nodes     []string `json:"nodes,omitempty"`
	Exception string   `json:"exception,omitempty"`
	Version   string   `json:"version,omitempty"`
	IDs       []string `json:"ids,omitempty"`
}

// ErrorReportStats counts the error reports.
type ErrorReportStats struct {
	Count int64 `json:"count"`
}
