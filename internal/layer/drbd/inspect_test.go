package drbd_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// examine asks all nodes and gives what the doctor makes of it.
func (l *lab) examine() v1.Diagnosis {
	l.t.Helper()
	f := drbd.Facts{Resource: "web"}
	for i, n := range l.nodes {
		in, err := drbd.Inspect(context.Background(), n.m.Observer(), &n.spec)
		if err != nil {
			l.t.Fatal(err)
		}
		text, _ := json.Marshal(in)
		if strings.Contains(string(text), labSecret) {
			l.t.Fatalf("the answer has the secret: %s", text)
		}
		var over link.InspectAnswer
		if err := json.Unmarshal(text, &over); err != nil {
			l.t.Fatal(err)
		}
		f.Nodes = append(f.Nodes, drbd.NodeFactsOf(l.spec.Nodes[i].Name, l.spec.Nodes[i].Diskless, over))
	}
	return drbd.Diagnose(f)
}

func (l *lab) write(node int, value string) {
	l.t.Helper()
	if err := l.nodes[node].m.SetMark(labDevice, sim.MarkData, value); err != nil {
		l.t.Fatal(err)
	}
}

// TestDoctorOnNodes: what the tools say leads to the right diagnosis, and the orders
// that follow from it end the split brain in favour of the one that was chosen.
func TestDoctorOnNodes(t *testing.T) {
	l := newLab(t, 3, 2, true)
	l.settle()
	if d := l.examine(); !d.Healthy {
		t.Fatalf("a new resource is ill: %+v", d.Findings)
	}
	l.net.Isolate("n2")
	l.write(0, "mine")
	l.write(1, "yours")
	l.net.HealAll()
	d := l.examine()
	kinds, safe, choices, words := summary(d)
	if len(kinds) == 0 || kinds[0] != "split-brain node-n1 node-n2" || len(choices) != 2 || choices[0] != "node-n1>node-n2" {
		t.Fatalf("kinds %v, safe %v, choices %v: %s", kinds, safe, choices, words)
	}
	l.nodes[0].spec.DRBD.Reconnect, l.nodes[1].spec.DRBD.Discard = []int{1}, []int{0}
	l.nodes[1].spec.DRBD.Reconnect, l.nodes[2].spec.DRBD.Reconnect = []int{2}, []int{1}
	l.settle()
	if d := l.examine(); !d.Healthy {
		t.Errorf("still ill: %+v", d.Findings)
	}
	if got := l.nodes[1].m.Mark(labDevice, sim.MarkData); got != "mine" {
		t.Errorf("the loser has %q", got)
	}
}

// TestDoctorReadsMetadata: a node that does not run the resource tells of its data by
// the metadata on its disk.
func TestDoctorReadsMetadata(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	l.nodes[1].must("drbdsetup", "down", "web")
	in, err := drbd.Inspect(context.Background(), l.nodes[1].m.Observer(), &l.nodes[1].spec)
	if err != nil || in.Running || len(in.Volumes) != 1 || len(in.Volumes[0].Generations) != 1 || in.Volumes[0].Problem != "" {
		t.Fatalf("answer %+v, %v", in, err)
	}
	if g := in.Volumes[0].Generations[0]; g.Peer != "node-n1" || !strings.HasPrefix(g.Current, labRandom[:15]) {
		t.Errorf("generation %+v", g)
	}
	kinds, _, _, words := summary(l.examine())
	if len(kinds) == 0 || kinds[0] != "down node-n2" {
		t.Errorf("%v: %s", kinds, words)
	}
}

// TestInspectFails: a node whose tools do not answer is an error, never an answer
// that says that nothing is there.
func TestInspectFails(t *testing.T) {
	l := newLab(t, 2, 2, true)
	l.settle()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if in, err := drbd.Inspect(ctx, l.nodes[0].process, &l.nodes[0].spec); !errors.Is(err, context.Canceled) {
		t.Errorf("answered %+v, %v", in, err)
	}
}
