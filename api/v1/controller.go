package v1

// ControllerPropsModify changes the properties of the controller, which hold for the whole cluster.
type ControllerPropsModify struct {
	OverrideProps    map[string]string `json:"override_props,omitempty"`
	DeleteProps      []string          `json:"delete_props,omitempty"`
	DeleteNamespaces []string          `json:"delete_namespaces,omitempty"`
}

// ControllerConfig are the settings that the controller runs with.
type ControllerConfig struct {
	Config *ControllerConfigConfig `json:"config,omitempty"`
	Debug  *ControllerConfigDebug  `json:"debug,omitempty"`
	Log    *ControllerConfigLog    `json:"log,omitempty"`
	DB     *ControllerConfigDb     `json:"db,omitempty"`
	HTTP   *ControllerConfigHttp   `json:"http,omitempty"`
	HTTPS  *ControllerConfigHttps  `json:"https,omitempty"`
	LDAP   *ControllerConfigLdap   `json:"ldap,omitempty"`
}

// ControllerConfigConfig tells where the configuration files are.
type ControllerConfigConfig struct {
	Dir string `json:"dir,omitempty"`
}

// ControllerConfigDebug are settings for looking for faults.
type ControllerConfigDebug struct {
	ConsoleEnabled bool `json:"console_enabled,omitempty"`
}

// ControllerConfigLog are the controller's settings for logging.
type ControllerConfigLog struct {
	PrintStackTrace    bool     `json:"print_stack_trace,omitempty"`
	Directory          string   `json:"directory,omitempty"`
	Level              LogLevel `json:"level,omitempty"`
	LevelGlobal        LogLevel `json:"level_global,omitempty"`
	LevelLinstor       LogLevel `json:"level_linstor,omitempty"`
	LevelLinstorGlobal LogLevel `json:"level_linstor_global,omitempty"`
	RestAccessLogPath  string   `json:"rest_access_log_path,omitempty"`
	RestAccessMode     string   `json:"rest_access_mode,omitempty"`
}

// ControllerConfigDb tells which database the controller uses.
type ControllerConfigDb struct {
	ConnectionURL        string                  `json:"connection_url,omitempty"`
	CaCertificate        string                  `json:"ca_certificate,omitempty"`
	ClientCertificate    string                  `json:"client_certificate,omitempty"`
	InMemory             string                  `json:"in_memory,omitempty"`
	VersionCheckDisabled bool                    `json:"version_check_disabled,omitempty"`
	Etcd                 *ControllerConfigDbEtcd `json:"etcd,omitempty"`
	K8s                  *ControllerConfigDbK8s  `json:"k8s,omitempty"`
}

// ControllerConfigDbEtcd are the settings of an etcd database.
type ControllerConfigDbEtcd struct {
	OperationsPerTransaction int32  `json:"operations_per_transaction,omitempty"`
	Prefix                   string `json:"prefix,omitempty"`
}

// ControllerConfigDbK8s are the settings of a database in Kubernetes.
type ControllerConfigDbK8s struct {
	RequestRetries     int32 `json:"request_retries,omitempty"`
	MaxRollbackEntries int32 `json:"max_rollback_entries,omitempty"`
}

// ControllerConfigHttp tells where HTTP is served.
type ControllerConfigHttp struct {
	Enabled       bool   `json:"enabled,omitempty"`
	ListenAddress string `json:"listen_address,omitempty"`
	Port          int32  `json:"port,omitempty"`
}

// ControllerConfigHttps tells where HTTPS is served.
type ControllerConfigHttps struct {
	Enabled       bool   `json:"enabled,omitempty"`
	ListenAddress string `json:"listen_address,omitempty"`
	Port          int32  `json:"port,omitempty"`
}

// ControllerConfigLdap are the settings for signing in by LDAP.
type ControllerConfigLdap struct {
	Enabled             bool   `json:"enabled,omitempty"`
	PublicAccessAllowed bool   `json:"public_access_allowed,omitempty"`
	URI                 string `json:"uri,omitempty"`
	Dn                  string `json:"dn,omitempty"`
	SearchBase          string `json:"search_base,omitempty"`
	SearchFilter        string `json:"search_filter,omitempty"`
}

// ControllerVersion tells which controller and which API this is.
type ControllerVersion struct {
	Version        string `json:"version,omitempty"`
	GitHash        string `json:"git_hash,omitempty"`
	BuildTime      string `json:"build_time,omitempty"`
	RestAPIVersion string `json:"rest_api_version,omitempty"`
}
