package v1

// LogLevel is one of the values listed here.
type LogLevel string

// The log levels, from the quietest on.
const (
	LogLevelError LogLevel = "ERROR"
	LogLevelWarn  LogLevel = "WARN"
	LogLevelInfo  LogLevel = "INFO"
	LogLevelDebug LogLevel = "DEBUG"
	LogLevelTrace LogLevel = "TRACE"
)

// DatabaseBackupRequest names the copy of the database to be made.
type DatabaseBackupRequest struct {
	BackupName string `json:"backup_name,omitempty"`
}

// CreateMultiSnapshotRequest asks for several snapshots at the same moment.
type CreateMultiSnapshotRequest struct {
	Snapshots []Snapshot `json:"snapshots,omitempty"`
}

// S3Remote is a bucket that backups go to.
type S3Remote struct {
	RemoteName   string `json:"remote_name,omitempty"`
	Endpoint     string `json:"endpoint,omitempty"`
	Bucket       string `json:"bucket,omitempty"`
	Region       string `json:"region,omitempty"`
	AccessKey    string `json:"access_key,omitempty"`
	SecretKey    string `json:"secret_key,omitempty"`
	UsePathStyle bool   `json:"use_path_style,omitempty"`
}

// LinstorRemote is another cluster that backups go to.
type LinstorRemote struct {
	RemoteName string `json:"remote_name,omitempty"`
	URL        string `json:"url,omitempty"`
	Passphrase string `json:"passphrase,omitempty"`
	ClusterID  string `json:"cluster_id,omitempty"`
}

// EbsRemote is an EBS endpoint.
type EbsRemote struct {
	RemoteName       string `json:"remote_name,omitempty"`
	Endpoint         string `json:"endpoint,omitempty"`
	Region           string `json:"region,omitempty"`
	AvailabilityZone string `json:"availability_zone,omitempty"`
	AccessKey        string `json:"access_key,omitempty"`
	SecretKey        string `json:"secret_key,omitempty"`
}

// CreateAuthToken asks for a new API token.
type CreateAuthToken struct {
	Description string `json:"description"`
	ExpiresAt   string `json:"expires_at,omitempty"`
	IpFilter    string `json:"ip_filter,omitempty"`
}

// ModifyAuthToken changes an API token.
type ModifyAuthToken struct {
	Description string `json:"description,omitempty"`
	IpFilter    string `json:"ip_filter,omitempty"`
	IsActive    *bool  `json:"is_active,omitempty"`
}

// InitAuthTokenRequest turns token authentication on and makes the first token.
type InitAuthTokenRequest struct {
	OnlySatellites bool   `json:"only_satellites"`
	Description    string `json:"description,omitempty"`
	NoHTTPS        bool   `json:"no_https,omitempty"`
}
