package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

const (
	pool  = "thin"
	group = "three"
)

// cluster is the product running on the machines: the controller on node 1, a
// satellite and an LVM_THIN storage pool on each.
type cluster struct {
	lab *vm.Lab
}

// bringUp starts the product on fresh machines and sets up nodes, storage pools
// and a resource group of three replicas.
func bringUp(ctx context.Context, t *testing.T, l *vm.Lab) cluster {
	t.Helper()
	c := cluster{lab: l}
	everywhere(ctx, t, l, thinPool)
	c.startDaemons(ctx, t)
	for _, n := range l.Nodes() {
		c.client(ctx, t, "node", "create", n.Name(), n.Addr(vm.NetA))
	}
	c.awaitOnline(ctx, t)
	for _, n := range l.Nodes() {
		c.client(ctx, t, "storage-pool", "create", "lvmthin", n.Name(), pool, "vg/pool")
	}
	c.client(ctx, t, "resource-group", "create", group, "--place-count", "3", "--storage-pool", pool, "--layer-list", "storage")
	c.client(ctx, t, "volume-group", "create", group)
	return c
}

func (c cluster) startDaemons(ctx context.Context, t *testing.T) {
	t.Helper()
	do(t, c.lab.StartSatellites(ctx))
	do(t, c.lab.StartController(ctx))
}

// client runs the command line client on node 1; it has to succeed.
func (c cluster) client(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.lab.Node(1).Run(ctx, append([]string{vm.BinaryClient}, args...)...)
	if err != nil {
		t.Fatalf("%v\n%s\ncontroller's log:\n%s", err, out, c.lab.Node(1).DaemonLog(ctx, vm.BinaryController, 20))
	}
	return out
}

func (c cluster) spawn(ctx context.Context, t *testing.T, name, size string) {
	t.Helper()
	c.client(ctx, t, "resource-group", "spawn-resources", group, name, size)
}

// awaitOnline waits until the controller sees every satellite.
func (c cluster) awaitOnline(ctx context.Context, t *testing.T) {
	t.Helper()
	c.await(ctx, t, "all nodes online", func() (bool, string) {
		out := c.client(ctx, t, "-m", "--output-version", "v1", "node", "list")
		var nodes []nodeState
		if err := decodeList(out, &nodes); err != nil {
			return false, err.Error()
		}
		offline := slices.ContainsFunc(nodes, func(n nodeState) bool { return n.ConnectionStatus != "ONLINE" })
		return len(nodes) == vm.NodeCount && !offline, out
	})
}

type nodeState struct {
	ConnectionStatus string `json:"connection_status"`
}

// decodeList reads the client's JSON: the API's list, or a list of such lists.
func decodeList(out string, into any) error {
	var nested []json.RawMessage
	if json.Unmarshal([]byte(out), &nested) == nil && len(nested) == 1 && strings.HasPrefix(strings.TrimSpace(string(nested[0])), "[") {
		return json.Unmarshal(nested[0], into)
	}
	return json.Unmarshal([]byte(out), into)
}

// volumes gives the thin volumes of a machine as "name size", sorted, as LVM has
// them: the product's own word would prove nothing.
func (c cluster) volumes(ctx context.Context, t *testing.T, n *vm.Node) []string {
	t.Helper()
	out := must(ctx, t, n, "lvs", "--noheadings", "--units", "m", "--nosuffix", "--separator", " ", "-o", "lv_name,lv_size", "-S", "pool_lv=pool", "vg")
	var volumes []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" {
			volumes = append(volumes, line)
		}
	}
	slices.Sort(volumes)
	return volumes
}

// awaitVolumes waits until every machine has exactly these volumes, given as
// resource name and size in MiB.
func (c cluster) awaitVolumes(ctx context.Context, t *testing.T, want map[string]int) {
	t.Helper()
	lines := []string{}
	for name, size := range want {
		lines = append(lines, fmt.Sprintf("%s_00000 %d.00", name, size))
	}
	slices.Sort(lines)
	for _, n := range c.lab.Nodes() {
		c.await(ctx, t, fmt.Sprintf("volumes %q on %s", lines, n.Name()), func() (bool, string) {
			got := c.volumes(ctx, t, n)
			return slices.Equal(got, lines) || len(got)+len(lines) == 0, fmt.Sprintf("%q", got)
		})
	}
}

// witness is what the product and its machines say of themselves, for a failure.
func (c cluster) witness(ctx context.Context) string {
	var b strings.Builder
	for _, args := range [][]string{{"node", "list"}, {"volume", "list"}, {"--no-color", "doctor"}} {
		out, err := c.lab.Node(1).Run(ctx, append([]string{vm.BinaryClient}, args...)...)
		fmt.Fprintf(&b, "%s: %v\n%s\n", strings.Join(args, " "), err, out)
	}
	fmt.Fprintf(&b, "controller's log:\n%s\n", c.lab.Node(1).DaemonLog(ctx, vm.BinaryController, 20))
	for _, n := range c.lab.Nodes() {
		busy, _ := n.Shell(ctx, "uptime; ps -eo pid,ppid,stat,wchan:20,etime,args --sort=-etime | grep -v ' \\[' | tail -25")
		generations, _ := n.Shell(ctx, "for p in 0 1 2; do drbdsetup get-gi vol $p 0; done 2>&1; true")
		fmt.Fprintf(&b, "%s: satellite's log:\n%s\nprocesses:\n%s\ngenerations:\n%s\n", n.Name(), n.DaemonLog(ctx, vm.BinarySatellite, 20), busy, generations)
	}
	return b.String()
}

// patience is how long a step may take on emulated machines.
const patience = 3 * time.Minute

// await asks again until a state is reached; the last answer is shown if it never is.
func (c cluster) await(ctx context.Context, t *testing.T, what string, reached func() (bool, string)) {
	t.Helper()
	c.awaitWithin(ctx, t, what, time.NewTimer(patience), reached)
}

// awaitMoving waits as long as something moves, and patience from the last change on:
// for work of which there is so much that the machine decides how long it takes.
func (c cluster) awaitMoving(ctx context.Context, t *testing.T, what string, reached func() (bool, string)) {
	t.Helper()
	still, before := time.NewTimer(patience), ""
	c.awaitWithin(ctx, t, what, still, func() (bool, string) {
		ok, now := reached()
		if now != before {
			still.Reset(patience)
			before = now
		}
		return ok, now
	})
}

func (c cluster) awaitWithin(ctx context.Context, t *testing.T, what string, end *time.Timer, reached func() (bool, string)) {
	t.Helper()
	defer end.Stop()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, last := reached()
		if ok {
			return
		}
		why := fmt.Sprintf("not within %s", patience)
		select {
		case <-tick.C:
			continue
		case <-ctx.Done():
			why = ctx.Err().Error()
		case <-end.C:
		}
		t.Fatalf("waiting for %s: %s; last seen: %s\n%s", what, why, last, c.witness(context.WithoutCancel(ctx)))
	}
}
