package sim

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// A node that is added later gets what was written since the first day, if it began
// with the same identifiers.
func TestDRBDLaterNode(t *testing.T) {
	lab := newDRBDLab(t, 3, 2)
	lab.setup(true)
	lab.adjust()
	if err := lab.m[0].SetMark(lowerDev, "old", "garbage"); err != nil {
		t.Fatal(err)
	}
	lab.put(0, "one")
	lab.disks = 3
	exits(t, 0, lvmDo(t, lab.m[2], "lvcreate", "--yes", "--name", "web_00000", "--size", "262144k", "vg"))
	for _, argv := range [][]string{{"create-md", "7"}, {"set-gi", day0 + "::::1:1"}} {
		must(t, lab.m[2], append([]string{"drbdmeta", "--force", "--node-id", "2", "1000", "v09", lowerDev, "internal"}, argv...)...)
	}
	lab.adjust()
	lab.want(bothUp+" Connected:Established:UpToDate", bothUp+" Connected:Established:UpToDate", bothUp+" Connected:Established:UpToDate")
	lab.lower("one", "one", "one")
	if got := lab.m[2].Mark(lowerDev, "old"); got != "" {
		t.Errorf("copied what was not written through DRBD: %q", got)
	}
}

// With quorum, whatever happens, no write that was accepted is lost, and no two nodes
// go separate ways.
func TestDRBDNeverLosesAcceptedWrites(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		lab := newDRBDLab(t, 3, 3)
		lab.options = "quorum majority; on-no-quorum io-error;"
		lab.setup(true)
		lab.adjust()
		accepted := map[string]string{}
		node := rapid.IntRange(0, 2)
		up := func(i int) {
			lab.m[i].Restart()
			lvmDo(t, lab.m[i], "lvchange", "--activate", "y", "vg/web_00000")
			must(t, lab.m[i], "drbdadm", "adjust", "web")
		}
		for step := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			i, j := node.Draw(rt, "node"), node.Draw(rt, "other")
			a, b := lab.m[i].Name(), lab.m[j].Name()
			switch rapid.SampledFrom([]string{"write", "write", "cut", "heal", "isolate", "down", "power", "up", "hold"}).Draw(rt, "what") {
			case "write":
				mark, value := fmt.Sprintf("m%d", j), fmt.Sprint(step)
				if lab.m[i].SetMark(drbdDev, mark, value) == nil {
					accepted[mark] = value
				}
			case "cut":
				if i != j {
					lab.net.Cut(a, b)
				}
			case "heal":
				lab.net.Heal(a, b)
			case "isolate":
				lab.net.Isolate(a)
			case "down":
				if lab.state(i) != "down" {
					must(t, lab.m[i], "drbdsetup", "down", "web")
				}
			case "power":
				lab.m[i].PowerLoss(0)
				lab.m[i].Restart()
			case "up":
				up(i)
			case "hold":
				lab.net.HoldResync(j == 0)
			}
		}
		lab.net.HoldResync(false)
		lab.net.HealAll()
		for i := range lab.m {
			up(i)
		}
		for i := range lab.m {
			if got, want := lab.state(i), bothUp+" Connected:Established:UpToDate"; got != want {
				rt.Fatalf("n%d in the end: %s", i+1, got)
			}
			for mark, value := range accepted {
				if got := lab.m[i].Mark(lowerDev, mark); got != value {
					rt.Fatalf("n%d has %s = %q, accepted was %q", i+1, mark, got, value)
				}
			}
		}
	})
}
