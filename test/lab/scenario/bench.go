package scenario

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// spawnAgainstScript measures a three-replica spawn against a bare script that runs the
// same commands on the three machines at the same time. Each run is repeated by the
// script right after it was deleted, with the same names and numbers.
func spawnAgainstScript(ctx context.Context, t *testing.T, l *vm.Lab) {
	const runs = 5
	l.SatelliteArgs("--log-level", "DEBUG")
	defer l.SatelliteArgs()
	c := bringUpReplicated(ctx, t, l)
	var product, bare []time.Duration
	for run := range runs + 1 {
		name := fmt.Sprintf("bench%d", run)
		from := make([]int, vm.NodeCount)
		for i, n := range l.Nodes() {
			from[i] = len(commandLines(ctx, n))
		}
		took := clock(ctx, t, l.Node(1), post("/v1/resource-groups/"+replicas+"/spawn",
			fmt.Sprintf(`{"resource_definition_name":%q,"volume_sizes":[65536]}`, name)))
		c.awaitDisks(ctx, t, name, upToDate, upToDate, upToDate)
		scripts := make(map[string]string, vm.NodeCount)
		count := 0
		for i, n := range l.Nodes() {
			lines := commandLines(ctx, n)[from[i]:]
			count = max(count, len(lines))
			scripts[n.Name()] = bareScript(name, script(ctx, t, n, "cat /var/lib/linstor.d/"+name+".res"), lines)
		}
		c.client(ctx, t, "resource-definition", "delete", name)
		c.awaitDisks(ctx, t, name, "", "", "")
		began := time.Now()
		do(t, l.Each(ctx, func(ctx context.Context, n *vm.Node) error {
			_, err := n.Shell(ctx, scripts[n.Name()])
			return err
		}))
		alone := time.Since(began)
		c.awaitDisks(ctx, t, name, upToDate, upToDate, upToDate)
		everywhere(ctx, t, l, "drbdsetup down "+name+"; rm /var/lib/linstor.d/"+name+".res; lvremove -qq --yes vg/"+name+"_00000")
		if run == 0 {
			continue // caches are cold
		}
		t.Logf("run %d: product %s, script %s, at most %d commands on a node", run, took.Round(time.Millisecond), alone.Round(time.Millisecond), count)
		product, bare = append(product, took), append(bare, alone)
	}
	slices.Sort(product)
	slices.Sort(bare)
	p, b := product[runs/2], bare[runs/2]
	t.Logf("three-replica spawn: product %s, script %s, ratio %.2f (target 1.10)", p.Round(time.Millisecond), b.Round(time.Millisecond), float64(p)/float64(b))
}

// post is a shell script that calls the API without a process of its own: what the
// client costs is not what is measured.
func post(path, body string) string {
	request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, len(body), body)
	return fmt.Sprintf(`exec 3<>/dev/tcp/127.0.0.1/3370
printf %%s %s >&3
read -r proto code rest <&3
cat <&3 >/run/answer
[ "$code" = 201 ] || { cat /run/answer >&2; exit 1; }`, shellQuote(request))
}

func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// clock runs a script as the bare one is run, and says how long that took.
func clock(ctx context.Context, t *testing.T, n *vm.Node, text string) time.Duration {
	t.Helper()
	began := time.Now()
	script(ctx, t, n, text)
	return time.Since(began)
}

var commandField = regexp.MustCompile(`msg=command command=("(?:[^"\\]|\\.)*"|\S+) took=\S+ exit=(-?\d+)`)

// commandLines are the commands that a satellite has run, as a shell takes them.
func commandLines(ctx context.Context, n *vm.Node) []string {
	var out []string
	for line := range strings.Lines(n.DaemonLog(ctx, vm.BinarySatellite, 1<<20)) {
		m := commandField.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		text := m[1]
		if plain, err := strconv.Unquote(text); err == nil {
			text = plain
		}
		if m[2] != "0" {
			text += " || true"
		}
		out = append(out, text)
	}
	return out
}

// bareScript does what a satellite did, in the same order.
func bareScript(name, res string, commands []string) string {
	file := "/var/lib/linstor.d/" + name + ".res"
	return fmt.Sprintf("printf '%%s\\n' %s >%s\nsync %s\n{\n%s\n} >/run/bare.log 2>&1", shellQuote(res), file, file, strings.Join(commands, "\n"))
}
