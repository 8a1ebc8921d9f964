package v1

// Candidate is a set of nodes and the largest volume that fits there.
type Candidate struct {
	StoragePool      string   `json:"storage_pool,omitempty"`
	MaxVolumeSizeKiB int64    `json:"max_volume_size_kib"`
	NodeNames        []string `json:"node_names,omitempty"`
	AllThin          bool     `json:"all_thin"`
}

// MaxVolumeSizes lists the largest volumes that could be placed.
type MaxVolumeSizes struct {
	Candidates                      []Candidate `json:"candidates,omitempty"`
	DefaultMaxOversubscriptionRatio float64     `json:"default_max_oversubscription_ratio,omitempty"`
}

// QuerySizeInfoRequest asks how much a resource group could still hold.
type QuerySizeInfoRequest struct {
	SelectFilter            *AutoSelectFilter `json:"select_filter,omitempty"`
	IgnoreCacheOlderThanSec *int32            `json:"ignore_cache_older_than_sec,omitempty"`
}

// QuerySizeInfoResponse answers a QuerySizeInfoRequest.
type QuerySizeInfoResponse struct {
	SpaceInfo *QuerySizeInfoResponseSpaceInfo `json:"space_info,omitempty"`
	Reports   []ApiCallRc                     `json:"reports,omitempty"`
}

// QueryAllSizeInfoRequest asks the same for all resource groups.
type QueryAllSizeInfoRequest struct {
	SelectFilter            *AutoSelectFilter `json:"select_filter,omitempty"`
	IgnoreCacheOlderThanSec *int32            `json:"ignore_cache_older_than_sec,omitempty"`
}

// QueryAllSizeInfoResponse answers by name of the resource group.
type QueryAllSizeInfoResponse struct {
	Result  map[string]QuerySizeInfoResponse `json:"result,omitempty"`
	Reports []ApiCallRc                      `json:"reports,omitempty"`
}

// QuerySizeInfoResponseSpaceInfo holds sizes and ratios, and where the next resource would go.
type QuerySizeInfoResponseSpaceInfo struct {
	MaxVlmSizeInKiB                       int64                      `json:"max_vlm_size_in_kib"`
	AvailableSizeInKiB                    int64                      `json:"available_size_in_kib"`
	CapacityInKiB                         int64                      `json:"capacity_in_kib"`
	DefaultMaxOversubscriptionRatio       float64                    `json:"default_max_oversubscription_ratio,omitempty"`
	MaxOversubscriptionRatio              float64                    `json:"max_oversubscription_ratio,omitempty"`
	MaxFreeCapacityOversubscriptionRatio  float64                    `json:"max_free_capacity_oversubscription_ratio,omitempty"`
	MaxTotalCapacityOversubscriptionRatio float64                    `json:"max_total_capacity_oversubscription_ratio,omitempty"`
	NextSpawnResult                       []QuerySizeInfoSpawnResult `json:"next_spawn_result,omitempty"`
}

// QuerySizeInfoSpawnResult is one pool that the next resource would go to.
type QuerySizeInfoSpawnResult struct {
	NodeName                                   string  `json:"node_name"`
	StorPoolName                               string  `json:"stor_pool_name"`
	StorPoolOversubscriptionRatio              float64 `json:"stor_pool_oversubscription_ratio,omitempty"`
	StorPoolFreeCapacityOversubscriptionRatio  float64 `json:"stor_pool_free_capacity_oversubscription_ratio,omitempty"`
	StorPoolTotalCapacityOversubscriptionRatio float64 `json:"stor_pool_total_capacity_oversubscription_ratio,omitempty"`
}
