package v1

// ScheduleDetailsList lists where schedules of a resource are set.
type ScheduleDetailsList struct {
	Data []ScheduleDetails `json:"data,omitempty"`
}

// ScheduleDetails tells on which levels a schedule is set.
type ScheduleDetails struct {
	RemoteName   string `json:"remote_name"`
	ScheduleName string `json:"schedule_name"`
	Ctrl         bool   `json:"ctrl,omitempty"`
	RscGrp       bool   `json:"rsc_grp,omitempty"`
	RscDfn       bool   `json:"rsc_dfn,omitempty"`
}

// ScheduledRscsList lists the resources that have a schedule.
type ScheduledRscsList struct {
	Data []ScheduledRscs `json:"data,omitempty"`
}

// ScheduledRscs tells when a resource was and will be backed up.
type ScheduledRscs struct {
	RscName         string `json:"rsc_name"`
	RemoteName      string `json:"remote_name"`
	ScheduleName    string `json:"schedule_name"`
	Reason          string `json:"reason,omitempty"`
	LastSnapTime    int64  `json:"last_snap_time,omitempty"`
	LastSnapInc     bool   `json:"last_snap_inc,omitempty"`
	NextExecTime    int64  `json:"next_exec_time,omitempty"`
	NextExecInc     bool   `json:"next_exec_inc,omitempty"`
	NextPlannedFull int64  `json:"next_planned_full,omitempty"`
	NextPlannedInc  int64  `json:"next_planned_inc,omitempty"`
}

// ScheduleList lists the schedules.
type ScheduleList struct {
	Data []Schedule `json:"data,omitempty"`
}

// Schedule says when to make backups and how many to keep.
type Schedule struct {
	ScheduleName string `json:"schedule_name"`
	FullCron     string `json:"full_cron"`
	IncCron      string `json:"inc_cron,omitempty"`
	KeepLocal    *int32 `json:"keep_local,omitempty"`
	KeepRemote   *int32 `json:"keep_remote,omitempty"`
	OnFailure    string `json:"on_failure,omitempty"`
	MaxRetries   *int32 `json:"max_retries,omitempty"`
}

// ScheduleModify changes a schedule.
type ScheduleModify struct {
	FullCron   string `json:"full_cron,omitempty"`
	IncCron    string `json:"inc_cron,omitempty"`
	KeepLocal  *int32 `json:"keep_local,omitempty"`
	KeepRemote *int32 `json:"keep_remote,omitempty"`
	OnFailure  string `json:"on_failure,omitempty"`
	MaxRetries *int32 `json:"max_retries,omitempty"`
}
