package api

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	host "github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// runLayered runs a test on three hosts with DRBD, LUKS, caches and control groups.
func runLayered(t *testing.T, test func(e *env)) {
	t.Helper()
	run(t, 3, func(e *env) {
		for i := range 3 {
			n := e.Node(nodeName(i))
			n.Stop()
			sim.NewCaches(n.Machine)
			sim.NewBcache(n.Machine)
			sim.NewThrottles(n.Machine)
			n.Machine.Register("id", func(*sim.Machine, host.Cmd) host.Result { return host.Result{Stdout: []byte("7\n")} })
			n.Start(slog.New(slog.DiscardHandler))
		}
		time.Sleep(time.Minute) // simulated time
		e.ok("POST", "/v1/encryption/passphrase", `{"new_passphrase":"hush"}`)
		test(e)
	}, func(e *env) { e.Network = sim.NewNetwork() })
}

// plannedCall is a call whose plan is compared with what it really does.
type plannedCall struct {
	name, method, path, body string
	// idle are the beginnings of commands that are planned and may turn out not to be
	// needed, each with the reason.
	idle map[string]string
}

// TestLayeredPlansComeTrue: from the first volume to the last, no command that changes a
// machine is run without having been in the plan, and what is in the plan is run.
func TestLayeredPlansComeTrue(t *testing.T) {
	stacks := map[string][2]string{
		"replicated":        {`["DRBD","STORAGE"]`, `{"FileSystem/Type":"ext4","FileSystem/MkfsParams":"-L data","FileSystem/User":"7"}`},
		"xfs":               {`["DRBD","STORAGE"]`, `{"FileSystem/Type":"xfs","FileSystem/User":"7"}`},
		"plain":             {`["STORAGE"]`, `{"FileSystem/Type":"ext4","sys/fs/blkio_throttle_write":"1048576"}`},
		"limited":           {`["DRBD","STORAGE"]`, `{"sys/fs/blkio_throttle_write":"1048576","sys/fs/blkio_throttle_read_iops":"100"}`},
		"encrypted":         {`["DRBD","LUKS","STORAGE"]`, `{"FileSystem/Type":"ext4"}`},
		"external metadata": {`["DRBD","STORAGE"]`, `{"StorPoolNameDrbdMeta":"pool"}`},
		"writecache":        {`["DRBD","WRITECACHE","STORAGE"]`, `{"Writecache/PoolName":"pool","Writecache/Size":"20%"}`},
		"cache":             {`["DRBD","CACHE","STORAGE"]`, `{"Cache/CachePool":"pool","Cache/MetaPool":"pool"}`},
		"bcache":            {`["DRBD","BCACHE","STORAGE"]`, `{"BCache/PoolName":"pool"}`},
		"all":               {`["DRBD","WRITECACHE","LUKS","STORAGE"]`, `{"Writecache/PoolName":"pool","Writecache/Size":"20%","StorPoolNameDrbdMeta":"pool","FileSystem/Type":"ext4"}`},
	}
	for name, c := range stacks {
		t.Run(name, func(t *testing.T) {
			runLayered(t, func(e *env) {
				e.ok("POST", "/v1/resource-groups", fmt.Sprintf(`{"name":"lay","props":%s,"select_filter":{"place_count":2,"layer_stack":%s}}`, c[1], c[0]))
				for _, call := range layeredCalls(strings.Contains(c[0], "DRBD")) {
					// bcache takes a new size only where DRBD does not hold it.
					if name == "bcache" && call.name == "grow" {
						continue
					}
					want := 0
					if (call.name == "spawn" || call.name == "add a volume") && strings.Contains(c[1], "FileSystem/Type") {
						want = 1
					}
					if got := strings.Count(fmt.Sprint(e.comesTrue(call)), "mkfs."); got != want {
						t.Errorf("%s: %d file systems were planned, want %d", call.name, got, want)
					}
				}
			})
		})
	}
}

func layeredCalls(replicated bool) []plannedCall {
	calls := []plannedCall{
		{name: "spawn", method: "POST", path: "/v1/resource-groups/lay/spawn", body: `{"resource_definition_name":"data","volume_sizes":[65536],"select_filter":{"node_name_list":["n1","n2","n3"]}}`},
		{name: "grow", method: "PUT", path: sizeOfData, body: `{"size_kib":131072}`},
		{name: "another replica", method: "POST", path: "/v1/resource-definitions/data/autoplace", body: `{"select_filter":{"place_count":3}}`},
	}
	if replicated {
		calls = append(calls, plannedCall{name: "toggle to diskless", method: "PUT", path: "/v1/resource-definitions/data/resources/n3/toggle-disk/diskless"},
			plannedCall{name: "add a volume", method: "POST", path: "/v1/resource-definitions/data/volume-definitions", body: `{"volume_definition":{"size_kib":65536}}`},
			plannedCall{name: "delete the volume", method: "DELETE", path: "/v1/resource-definitions/data/volume-definitions/1"},
			plannedCall{name: "toggle to diskful", method: "PUT", path: "/v1/resource-definitions/data/resources/n3/toggle-disk/diskful/pool",
				idle: map[string]string{"tee /sys/fs/cgroup/": "a loop device that is attached again still has its limits"}})
	}
	return append(calls, plannedCall{name: "delete a replica", method: "DELETE", path: "/v1/resource-definitions/data/resources/n3"},
		plannedCall{name: "delete", method: "DELETE", path: "/v1/resource-definitions/data"})
}

// comesTrue plans a call, makes it, and compares. It answers the planned commands.
func (e *env) comesTrue(call plannedCall) map[string][]string {
	e.t.Helper()
	body := call.body
	if body == "" {
		body = "{}"
	}
	p := e.plan(call.method, call.path, body)
	for _, n := range p.Nodes {
		for _, st := range n.Steps {
			if st.Effect == "blocked" {
				e.t.Errorf("%s: the plan is blocked on %s: %s", call.name, n.Node, st.Why)
			}
		}
	}
	want := planned(p)
	for i := range 3 {
		e.Node(nodeName(i)).Machine.ForgetCommands()
	}
	e.ok(call.method, call.path, call.body)
	time.Sleep(2 * time.Minute) // simulated time
	synctest.Wait()
	for i := range 3 {
		node := nodeName(i)
		for _, r := range e.Node(node).Machine.Changes() {
			if !slices.ContainsFunc(want[node], func(p string) bool { return sameCommand(p, r.String()) }) {
				e.t.Errorf("%s: on %s %q was run and not planned; planned were %q", call.name, node, r, want[node])
			}
		}
		ran := e.Node(node).Machine.Commands()
		for _, p := range want[node] {
			if !slices.ContainsFunc(ran, func(r sim.Record) bool { return sameCommand(p, r.String()) }) && call.reason(p) == "" {
				e.t.Errorf("%s: on %s %q was planned and not run", call.name, node, p)
			}
		}
	}
	return want
}

func (c plannedCall) reason(command string) string {
	for start, why := range c.idle {
		if strings.HasPrefix(command, start) {
			return why
		}
	}
	return ""
}

// drawn are what is drawn anew for each call: a plan has others than the real call.
var drawn = regexp.MustCompile(`\b([0-9A-F]{16}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b`)

// sameCommand compares word by word. A path that shows only when the device is made
// stands for any, and what is drawn anew is left out.
func sameCommand(plan, ran string) bool {
	a, b := strings.Fields(drawn.ReplaceAllString(plan, "*")), strings.Fields(drawn.ReplaceAllString(ran, "*"))
	for i := range a {
		if len(a) != len(b) || a[i] != b[i] && !strings.HasPrefix(a[i], "/dev/storage-of/") {
			return false
		}
	}
	return true
}
