package v1

// ExternalFile is a file that satellites write; Content is base64.
type ExternalFile struct {
	Path        string   `json:"path,omitempty"`
	Content     string   `json:"content,omitempty"`
	AltSuffixes []string `json:"alt_suffixes,omitempty"`
}

// ExtFileCheckResult tells whether a node accepts a path.
type ExtFileCheckResult struct {
	Allowed bool `json:"allowed,omitempty"`
}

// ExtFileStatusResult tells whether the file on a node is as it shall be.
type ExtFileStatusResult struct {
	ActualPath   string `json:"actual_path,omitempty"`
	ContentMatch bool   `json:"content_match,omitempty"`
}
