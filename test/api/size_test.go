package api

import (
	"fmt"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestPromisedSizesCanBeSpawned: what the size queries answer is what a spawn takes.
func TestPromisedSizesCanBeSpawned(t *testing.T) { promised(t, "FILE_THIN") }

// TestPromisedSizeOfAThickPool: the reserve that the file provider keeps is no part
// of what is promised.
func TestPromisedSizeOfAThickPool(t *testing.T) {
	promised(t, "FILE")
}

func promised(t *testing.T, kind string) {
	t.Helper()
	run(t, 2, func(e *env) {
		for i := range 2 {
			m := e.Node(nodeName(i)).Machine
			m.MakeDir("/sized")
			m.MountFS("/sized", sim.FileSystem{Type: "xfs", CapacityBytes: int64(i+1) * gib * 1024, Reflink: true})
			e.ok("POST", "/v1/nodes/"+nodeName(i)+"/storage-pools",
				fmt.Sprintf(`{"storage_pool_name":"sized","provider_kind":%q,"props":{"StorDriver/StorPoolName":"/sized"}}`, kind))
		}
		e.ok("POST", "/v1/resource-groups", `{"name":"sized","select_filter":{"place_count":2,"layer_stack":["storage"],"storage_pool_list":["sized"]}}`)
		info := into[v1.QuerySizeInfoResponse](e.ok("POST", "/v1/resource-groups/sized/query-size-info", `{}`))
		most := info.SpaceInfo.MaxVlmSizeInKiB
		if most <= 0 || len(info.SpaceInfo.NextSpawnResult) != 2 || info.SpaceInfo.AvailableSizeInKiB < most || info.SpaceInfo.CapacityInKiB <= 0 {
			t.Fatalf("%s: %+v", kind, info.SpaceInfo)
		}
		all := into[v1.QueryAllSizeInfoResponse](e.ok("POST", "/v1/queries/resource-groups/query-all-size-info", ``))
		if got := all.Result["sized"].SpaceInfo; got == nil || got.MaxVlmSizeInKiB != most {
			t.Errorf("%s: all groups: %+v", kind, got)
		}
		sizes := into[v1.MaxVolumeSizes](e.ok("OPTIONS", "/v1/query-max-volume-size", `{"place_count":"2","layer_stack":["storage"],"storage_pool_list":["sized"]}`))
		if len(sizes.Candidates) != 1 || sizes.Candidates[0].MaxVolumeSizeKiB != most || len(sizes.Candidates[0].NodeNames) != 2 {
			t.Errorf("%s: %+v, want %d", kind, sizes.Candidates, most)
		}
		spawn := func(name string, size int64) reply {
			return e.send("POST", "/v1/resource-groups/sized/spawn", fmt.Sprintf(`{"resource_definition_name":%q,"volume_sizes":[%d]}`, name, size))
		}
		spawn("beyond", most+1).wantFault(500, v1.FailNotEnoughNodes, "sized")
		spawn("most", most).wantStatus(http.StatusCreated)
	})
}

// TestPoolsAsClientsReadThem reads capacities and traits.
func TestPoolsAsClientsReadThem(t *testing.T) {
	run(t, 1, func(e *env) {
		for _, p := range into[[]v1.StoragePool](e.ok("GET", "/v1/view/storage-pools", "")) {
			switch p.StoragePoolName {
			case "pool":
				if p.ProviderKind != v1.ProviderKindFileThin || p.Props["StorDriver/StorPoolName"] != "/pool" || p.FreeCapacity == nil ||
					*p.TotalCapacity != 64*gib || *p.FreeCapacity <= 0 || *p.FreeCapacity > *p.TotalCapacity || p.StaticTraits["Provisioning"] != "Thin" || p.NodeName != "n1" {
					t.Errorf("the pool is %+v", p)
				}
			case "DfltDisklessStorPool":
				if p.ProviderKind != v1.ProviderKindDiskless || *p.FreeCapacity != math.MaxInt64 {
					t.Errorf("the diskless pool is %+v", p)
				}
			default:
				t.Errorf("there is a pool %s", p.StoragePoolName)
			}
		}
		n := into[v1.Node](e.ok("GET", "/v1/nodes/n1", ""))
		if n.ConnectionStatus != "ONLINE" || n.Type != "SATELLITE" || len(n.NetInterfaces) != 1 || *n.NetInterfaces[0].SatellitePort != 3366 ||
			n.NetInterfaces[0].SatelliteEncryptionType != "PLAIN" || !*n.NetInterfaces[0].IsActive {
			t.Errorf("the node is %+v", n)
		}
	})
}

// TestHigherPlaceCountIsAppliedAtOnce and a lower one removes nothing.
func TestHigherPlaceCountIsAppliedAtOnce(t *testing.T) {
	run(t, 3, func(e *env) {
		e.spawn("data", 64*mib)
		e.ok("PUT", "/v1/resource-groups/grp", `{"select_filter":{"place_count":"3"}}`)
		if got := e.replicas("data"); len(got) != 3 || got["n3"].Volumes[0].DevicePath == "" {
			t.Errorf("with a place count of 3: %+v", got)
		}
		e.ok("PUT", "/v1/resource-groups/grp", `{"select_filter":{"place_count":1}}`)
		if got := e.replicas("data"); len(got) != 3 {
			t.Errorf("a lower place count has left %d replicas", len(got))
		}
	})
}

// TestOneOfManyCreates: plugins race, and take "exists" as success.
func TestOneOfManyCreates(t *testing.T) {
	run(t, 2, func(e *env) {
		const racers = 8
		status := make([]int, racers)
		var wg sync.WaitGroup
		for i := range racers {
			wg.Go(func() {
				r := e.send("POST", "/v1/resource-groups/grp/spawn", `{"resource_definition_name":"data","volume_sizes":[65536]}`)
				if status[i] = r.status; r.status != http.StatusCreated {
					r.wantFault(500, v1.FailExistsResourceDefinition, "data")
				}
			})
		}
		wg.Wait()
		made := 0
		for _, s := range status {
			if s == http.StatusCreated {
				made++
			}
		}
		if made != 1 {
			t.Errorf("%d of %d calls made it: %v", made, racers, status)
		}
	})
}

// TestNodeThatDoesNotAnswer is registered all the same, and the answer says why it
// is not online.
func TestNodeThatDoesNotAnswer(t *testing.T) {
	run(t, 1, func(e *env) {
		r := e.ok("POST", "/v1/nodes", nodeBody("n9")).wantFirst(201, v1.MaskNode|v1.MaskCreate|v1.Created)
		rc, ok := r.entry(v1.WarnNotConnected)
		if !ok || rc.Cause == "" || rc.Correction == "" || rc.ObjRefs["Node"] != "n9" {
			t.Errorf("the answer is %s", r.body)
		}
		n := into[v1.Node](e.ok("GET", "/v1/nodes/n9", ""))
		if n.ConnectionStatus != "OFFLINE" || n.ConnectionReason == "" {
			t.Errorf("the node is %+v", n)
		}
		e.AddNode("n9", gib)
		if _, err := await(e, "/v1/nodes/n9", func(n v1.Node) bool { return n.ConnectionStatus == "ONLINE" }); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		e.ok("DELETE", "/v1/nodes/n9", "").wantFirst(200, v1.MaskNode|v1.MaskDelete|v1.Deleted)
	})
}
