package v1

// RemoteList lists the remotes by kind.
type RemoteList struct {
	S3Remotes      []S3Remote      `json:"s3_remotes,omitempty"`
	LinstorRemotes []LinstorRemote `json:"linstor_remotes,omitempty"`
	EbsRemotes     []EbsRemote     `json:"ebs_remotes,omitempty"`
}
