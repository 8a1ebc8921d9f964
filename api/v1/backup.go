package v1

// BackupList lists what lies on a remote: backups, and files that are none.
type BackupList struct {
	Linstor map[string]Backup `json:"linstor,omitempty"`
	Other   *BackupOther      `json:"other,omitempty"`
}

// Backup is one backup on a remote.
type Backup struct {
	ID                string          `json:"id"`
	StartTime         string          `json:"start_time,omitempty"`
	StartTimestamp    int64           `json:"start_timestamp,omitempty"`
	FinishedTime      string          `json:"finished_time,omitempty"`
	FinishedTimestamp int64           `json:"finished_timestamp,omitempty"`
	OriginRsc         string          `json:"origin_rsc"`
	OriginSnap        string          `json:"origin_snap,omitempty"`
	OriginNode        string          `json:"origin_node,omitempty"`
	FailMessages      string          `json:"fail_messages,omitempty"`
	Vlms              []BackupVolumes `json:"vlms"`
	Success           bool            `json:"success,omitempty"`
	Shipping          bool            `json:"shipping,omitempty"`
	Restorable        bool            `json:"restorable,omitempty"`
	S3                *BackupS3       `json:"s3,omitempty"`
	BasedOnID         string          `json:"based_on_id,omitempty"`
}

// BackupVolumes is one volume within a backup.
type BackupVolumes struct {
	VlmNr             int64            `json:"vlm_nr"`
	FinishedTime      string           `json:"finished_time,omitempty"`
	FinishedTimestamp int64            `json:"finished_timestamp,omitempty"`
	S3                *BackupVolumesS3 `json:"s3,omitempty"`
}

// BackupVolumesS3 tells where a volume's data is in a bucket.
type BackupVolumesS3 struct {
	Key string `json:"key,omitempty"`
}

// BackupS3 tells where a backup's description is in a bucket.
type BackupS3 struct {
	MetaName string `json:"meta_name,omitempty"`
}

// BackupOther lists the names on a remote that belong to no backup.
type BackupOther struct {
	Files []string `json:"files,omitempty"`
}

// BackupRestore asks to make a resource from a backup.
type BackupRestore struct {
	SrcRscName    string            `json:"src_rsc_name,omitempty"`
	SrcSnapName   string            `json:"src_snap_name,omitempty"`
	LastBackup    string            `json:"last_backup,omitempty"`
	StorPoolMap   map[string]string `json:"stor_pool_map,omitempty"`
	TargetRscName string            `json:"target_rsc_name"`
	Passphrase    string            `json:"passphrase,omitempty"`
	NodeName      string            `json:"node_name"`
	DownloadOnly  bool              `json:"download_only,omitempty"`
	ForceRestore  bool              `json:"force_restore,omitempty"`
	DstRscGrp     string            `json:"dst_rsc_grp,omitempty"`
	ForceMvRscGrp bool              `json:"force_mv_rsc_grp,omitempty"`
}

// BackupCreate asks to back a resource up.
type BackupCreate struct {
	RscName     string `json:"rsc_name"`
	NodeName    string `json:"node_name,omitempty"`
	SnapName    string `json:"snap_name,omitempty"`
	Incremental *bool  `json:"incremental,omitempty"`
	DstSnapName string `json:"dst_snap_name,omitempty"`
}

// BackupAbort asks to stop transfers of a resource that are under way.
type BackupAbort struct {
	RscName  string `json:"rsc_name"`
	Restore  bool   `json:"restore,omitempty"`
	Create   bool   `json:"create,omitempty"`
	Snapshot string `json:"snapshot,omitempty"`
}

// BackupShip asks to send a resource to another cluster.
type BackupShip struct {
	SrcNodeName      string            `json:"src_node_name,omitempty"`
	SrcRscName       string            `json:"src_rsc_name"`
	DstRscName       string            `json:"dst_rsc_name"`
	DstNodeName      string            `json:"dst_node_name,omitempty"`
	DstNetIfName     string            `json:"dst_net_if_name,omitempty"`
	DstStorPool      string            `json:"dst_stor_pool,omitempty"`
	StorPoolRename   map[string]string `json:"stor_pool_rename,omitempty"`
	DownloadOnly     bool              `json:"download_only,omitempty"`
	ForceRestore     bool              `json:"force_restore,omitempty"`
	AllowIncremental *bool             `json:"allow_incremental,omitempty"`
	DstRscGrp        string            `json:"dst_rsc_grp,omitempty"`
	ForceMvRscGrp    bool              `json:"force_mv_rsc_grp,omitempty"`
	SrcSnapName      string            `json:"src_snap_name,omitempty"`
	DstSnapName      string            `json:"dst_snap_name,omitempty"`
}

// BackupInfo tells what restoring a backup would fetch and take.
type BackupInfo struct {
	Rsc          string               `json:"rsc"`
	Full         string               `json:"full"`
	Snap         string               `json:"snap,omitempty"`
	Latest       string               `json:"latest"`
	Count        int32                `json:"count,omitempty"`
	DlSizeKiB    int64                `json:"dl_size_kib"`
	AllocSizeKiB int64                `json:"alloc_size_kib"`
	Storpools    []BackupInfoStorPool `json:"storpools"`
}

// BackupInfoRequest chooses the backup that BackupInfo is about.
type BackupInfoRequest struct {
	SrcRscName  string            `json:"src_rsc_name,omitempty"`
	SrcSnapName string            `json:"src_snap_name,omitempty"`
	LastBackup  string            `json:"last_backup,omitempty"`
	StorPoolMap map[string]string `json:"stor_pool_map,omitempty"`
	NodeName    string            `json:"node_name,omitempty"`
}

// BackupInfoStorPool is the share of one storage pool in a BackupInfo.
type BackupInfoStorPool struct {
	Name              string             `json:"name"`
	ProviderKind      ProviderKind       `json:"provider_kind,omitempty"`
	TargetName        string             `json:"target_name,omitempty"`
	RemainingSpaceKiB int64              `json:"remaining_space_kib,omitempty"`
	Vlms              []BackupInfoVolume `json:"vlms"`
}

// BackupInfoVolume is the share of one volume in a BackupInfo.
type BackupInfoVolume struct {
	Name          string    `json:"name,omitempty"`
	LayerType     LayerType `json:"layer_type"`
	DlSizeKiB     int64     `json:"dl_size_kib,omitempty"`
	AllocSizeKiB  int64     `json:"alloc_size_kib,omitempty"`
	UsableSizeKiB int64     `json:"usable_size_kib,omitempty"`
}

// BackupSchedule turns a schedule on or off for a resource, a group or the cluster.
type BackupSchedule struct {
	RscName        string            `json:"rsc_name,omitempty"`
	GrpName        string            `json:"grp_name,omitempty"`
	NodeName       string            `json:"node_name,omitempty"`
	DstStorPool    string            `json:"dst_stor_pool,omitempty"`
	StorPoolRename map[string]string `json:"stor_pool_rename,omitempty"`
	ForceRestore   bool              `json:"force_restore,omitempty"`
	DstRscGrp      string            `json:"dst_rsc_grp,omitempty"`
	DstRscName     string            `json:"dst_rsc_name,omitempty"`
	ForceMvRscGrp  bool              `json:"force_mv_rsc_grp,omitempty"`
}

// BackupQueues lists the transfers that wait for a free slot.
type BackupQueues struct {
	NodeQueues []NodeQueue `json:"node_queues,omitempty"`
	SnapQueues []SnapQueue `json:"snap_queues,omitempty"`
}
