package api

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestRemoteCachePlansComeTrue: the plan for a volume that another node uses through a
// cache says of both nodes what is done there.
func TestRemoteCachePlansComeTrue(t *testing.T) {
	for stack, props := range map[string]string{
		`["NVME","STORAGE"]`:                      `{}`,
		`["WRITECACHE","NVME","STORAGE"]`:         `{"Writecache/PoolName":"pool","Writecache/Size":"20%"}`,
		`["CACHE","NVME","STORAGE"]`:              `{"Cache/CachePool":"pool"}`,
		`["CACHE","WRITECACHE","NVME","STORAGE"]`: `{"Cache/CachePool":"pool","Writecache/PoolName":"pool","Writecache/Size":"20%"}`,
	} {
		t.Run(stack, func(t *testing.T) {
			runRemote(t, func(e *env) {
				e.ok("POST", "/v1/resource-groups", fmt.Sprintf(`{"name":"lay","props":%s,"select_filter":{"place_count":1,"layer_stack":%s}}`, props, stack))
				for _, call := range []plannedCall{
					{name: "target", method: "POST", path: "/v1/resource-groups/lay/spawn", body: `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"node_name_list":["n1"]}}`},
					{name: "initiator", method: "POST", path: "/v1/resource-definitions/data/resources/n2", body: `{"resource":{"flags":["NVME_INITIATOR"]}}`},
					{name: "grow", method: "PUT", path: sizeOfData, body: `{"size_kib":131072}`},
					{name: "delete the initiator", method: "DELETE", path: "/v1/resource-definitions/data/resources/n2"},
					{name: "initiator again", method: "POST", path: "/v1/resource-definitions/data/resources/n2", body: `{"resource":{"flags":["NVME_INITIATOR"]}}`},
					{name: "deactivate", method: "POST", path: "/v1/resource-definitions/data/resources/n2/deactivate"},
					{name: "delete without its cache", method: "DELETE", path: "/v1/resource-definitions/data/resources/n2"},
					{name: "initiator elsewhere", method: "POST", path: "/v1/resource-definitions/data/resources/n3", body: `{"resource":{"flags":["NVME_INITIATOR"]}}`},
				} {
					got := e.comesTrue(call)
					if cache := strings.Contains(fmt.Sprint(got["n1"]), "dmsetup"); cache {
						t.Errorf("%s: a cache on the target: %q", call.name, got["n1"])
					}
					if strings.HasPrefix(call.name, "initiator") && strings.Contains(stack, "CACHE") && len(got["n2"])+len(got["n3"]) < 4 {
						t.Errorf("%s: planned is only %q", call.name, got)
					}
				}
			})
		})
	}
}

// runRemote runs a test on three hosts with caches and NVMe.
func runRemote(t *testing.T, test func(e *env)) {
	t.Helper()
	var fabric *sim.Fabric
	run(t, 3, func(e *env) {
		for i := range 3 {
			n := e.Node(nodeName(i))
			n.Stop()
			sim.NewCaches(n.Machine)
			sim.NewNVMe(n.Machine, fabric)
			n.Start(slog.New(slog.DiscardHandler))
		}
		time.Sleep(time.Minute) // simulated time
		e.ok("POST", "/v1/controller/properties", `{"override_props":{"NVMe/TRType":"tcp"}}`)
		test(e)
	}, func(e *env) { e.Network = sim.NewNetwork(); fabric = sim.NewFabric(e.Network) })
}
