package api

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func decoded[T any](r reply) T {
	r.t.Helper()
	var out T
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s answered %s: %v", r.what, r.body, err)
	}
	return out
}

// runReplicated runs a test on three hosts with DRBD and LUKS, and with resources db,
// which has two replicas and a tiebreaker, and sec, whose two replicas are encrypted.
func runReplicated(t *testing.T, test func(e *env)) {
	t.Helper()
	run(t, 3, func(e *env) {
		e.ok("POST", "/v1/encryption/passphrase", `{"new_passphrase":"hush"}`)
		for name, layers := range map[string]string{"db": `["DRBD","STORAGE"]`, "sec": `["DRBD","LUKS","STORAGE"]`} {
			e.ok("POST", "/v1/resource-groups/grp/spawn",
				`{"resource_definition_name":"`+name+`","volume_sizes":[65536],"select_filter":{"place_count":2,"layer_stack":`+layers+`}}`)
		}
		time.Sleep(30 * time.Second) // simulated time
		synctest.Wait()
		test(e)
	}, func(e *env) { e.Network = sim.NewNetwork() })
}

// Every answer about a replicated volume has what the API's document and the clients
// know, and says what DRBD says.
func TestReplicatedBodies(t *testing.T) {
	runReplicated(t, func(e *env) {
		for _, path := range []string{"/v1/view/resources", "/v1/resource-definitions", "/v1/resource-definitions?with_volume_definitions=true",
			"/v1/resource-definitions/sec", "/v1/resource-definitions/db/volume-definitions", "/v1/resource-definitions/db/volume-definitions/0",
			"/v1/resource-definitions/sec/resources", "/v1/resource-definitions/db/resources/n1/volumes/0",
			"/v1/resource-definitions/db/resource-connections", "/v1/nodes", "/v1/view/storage-pools", "/v1/node-connections",
			"/v1/resource-definitions/db/drbd-proxy/properties/info", "/v1/encryption/passphrase"} {
			e.ok("GET", path, "")
		}
		replicas := decoded[[]v1.ResourceWithVolumes](e.ok("GET", "/v1/view/resources?resources=DB", ""))
		if len(replicas) != 3 {
			t.Fatalf("%d replicas", len(replicas))
		}
		ids := map[int32]bool{}
		ties := 0
		for _, r := range replicas {
			d := r.LayerObject.DRBD
			ids[d.NodeID] = true
			if slices.Contains(r.Flags, "TIE_BREAKER") {
				ties++
				if r.Volumes[0].State.DiskState != "Diskless" || !slices.Contains(r.Flags, "DRBD_DISKLESS") {
					t.Errorf("tiebreaker: %+v %+v", r.Flags, r.Volumes[0].State)
				}
			} else if r.Volumes[0].State.DiskState != "UpToDate" || d.PromotionScore == 0 || d.DRBDVolumes[0].BackingDevice == "" {
				t.Errorf("replica on %s: %+v %+v", r.NodeName, r.Volumes[0].State, d)
			}
			if len(d.TCPPorts) != 1 || len(d.Connections) != 2 || d.MayPromote == nil || !*d.MayPromote || r.State == nil || r.State.InUse == nil || *r.State.InUse {
				t.Errorf("DRBD on %s: %+v", r.NodeName, d)
			}
			for peer, c := range d.Connections {
				if !c.Connected || c.Message != "Connected" {
					t.Errorf("connection of %s to %s: %+v", r.NodeName, peer, c)
				}
			}
		}
		if len(ids) != 3 || ties != 1 {
			t.Errorf("node ids %v, %d tiebreakers", ids, ties)
		}
		if got := decoded[v1.ResourceDefinitionSyncStatus](e.ok("GET", "/v1/resource-definitions/db/sync-status", "")); !got.SyncedOnAll {
			t.Error("db is not in sync")
		}
		vols := decoded[[]v1.Volume](e.ok("GET", "/v1/resource-definitions/sec/resources/n1/volumes", ""))
		var layers []v1.LayerType
		for _, l := range vols[0].LayerDataList {
			layers = append(layers, l.Type)
		}
		if vols[0].ProviderKind != v1.ProviderKindDiskless && !slices.Equal(layers, []v1.LayerType{"DRBD", "LUKS", "STORAGE"}) {
			t.Errorf("layers of the encrypted volume: %v", layers)
		}
	})
}

// A resource connection is one object, with paths and the proxy.
func TestResourceConnection(t *testing.T) {
	runReplicated(t, func(e *env) {
		const path = "/v1/resource-definitions/db/resource-connections/n1/n2"
		const proxy = "/v1/resource-definitions/db/drbd-proxy"
		e.ok("PUT", path, `{"override_props":{"DrbdOptions/Net/ping-int":"5","Paths/p/n1":"default","Paths/p/n2":"default"}}`)
		e.ok("POST", proxy+"/enable/n1/n2", "")
		c := decoded[v1.ResourceConnection](e.ok("GET", path, ""))
		if c.NodeA != "n1" || c.NodeB != "n2" || c.Props["Paths/p/n2"] != "default" || !slices.Equal(c.Flags, []string{"LOCAL_DRBD_PROXY"}) {
			t.Errorf("%+v", c)
		}
		for body, code := range map[string]v1.Code{`{"override_props":{"Paths/p/n1":"nowhere"}}`: v1.FailNotFoundNetInterface,
			`{"override_props":{"Paths/p/n3":"default"}}`:            v1.FailInvalidProp,
			`{"override_props":{"DrbdOptions/Net/ping-int":"1000"}}`: v1.FailInvalidProp} {
			if r := e.send("PUT", path, body); r.first().RetCode.Number() != code.Number() {
				t.Errorf("%s answered %s", r.what, r.body)
			}
		}
		if r := e.send("PUT", proxy, `{"compression_type":"zip"}`); r.first().RetCode.Number() != v1.FailInvalidDRBDProxyCompressionType.Number() {
			t.Errorf("%s answered %s", r.what, r.body)
		}
		e.ok("PUT", proxy, `{"compression_type":"zstd","compression_props":{"DrbdOptions/ProxyCompression/level":"5"}}`)
		e.ok("PUT", proxy, `{"compression_type":"lz4"}`)
		props := decoded[v1.ResourceDefinition](e.ok("GET", "/v1/resource-definitions/db", "")).Props
		if props["DrbdProxy/CompressionType"] != "lz4" || props["DrbdOptions/ProxyCompression/level"] != "" {
			t.Errorf("after another compression: %v", props)
		}
		e.ok("POST", proxy+"/disable/n1/n2", "")
		e.ok("PUT", path, `{"delete_props":["DrbdOptions/Net/ping-int"],"delete_namespaces":["Paths/p"]}`)
		if c := decoded[v1.ResourceConnection](e.ok("GET", path, "")); len(c.Props)+len(c.Flags) != 0 {
			t.Errorf("something is left: %+v", c)
		}
	})
}
