package drbd_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// Generations: old is where the nodes have parted, mine and yours came after.
const (
	old   drbd.UUID = 0x1000
	mine  drbd.UUID = 0x2000
	yours drbd.UUID = 0x3000
	alien drbd.UUID = 0x4000
	past  drbd.UUID = 0x5000
)

// ward builds the facts of a resource with one volume on nodes n1, n2 ….
type ward struct{ f drbd.Facts }

func newWard(nodes ...string) *ward {
	w := &ward{drbd.Facts{Resource: "web"}}
	for _, n := range nodes {
		facts := drbd.NodeFacts{Node: n, Reachable: true, Running: true, Role: "Secondary", Links: map[string]drbd.LinkFacts{},
			Volumes: map[int]drbd.VolumeFacts{0: {Disk: "UpToDate", Quorum: drbd.Yes, GI: map[string]drbd.GI{}}}}
		for _, o := range nodes {
			if o != n {
				facts.Links[o] = drbd.LinkFacts{State: "Connected", Volumes: map[int]drbd.LinkVolume{0: {Replication: "Established"}}}
				facts.Volumes[0].GI[o] = drbd.GI{Current: old}
			}
		}
		w.f.Nodes = append(w.f.Nodes, facts)
	}
	return w
}

func (w *ward) node(name string) *drbd.NodeFacts {
	i := slices.IndexFunc(w.f.Nodes, func(n drbd.NodeFacts) bool { return n.Node == name })
	return &w.f.Nodes[i]
}

// link sets the state of both ends of a connection, with what each end has marked.
func (w *ward) link(a, b, state string, kibA, kibB int64) *ward {
	since := time.UnixMilli(1000)
	w.node(a).Links[b] = drbd.LinkFacts{State: state, Since: since, Volumes: map[int]drbd.LinkVolume{0: {Replication: "Off", OutOfSyncKiB: kibA}}}
	w.node(b).Links[a] = drbd.LinkFacts{State: state, Since: since.Add(time.Second), Volumes: map[int]drbd.LinkVolume{0: {Replication: "Off", OutOfSyncKiB: kibB}}}
	return w
}

// client takes the disk from a node whose connection to n1 is cut off.
func (w *ward) client(node string) *ward {
	return w.link("n1", node, "StandAlone", 0, 0).change(node, func(n *drbd.NodeFacts) { n.Diskless = true }).disk(node, "Diskless")
}

// hidden adds a node that is asked nothing.
func (w *ward) hidden(node string) *ward {
	w.f.Hidden = append(w.f.Hidden, node)
	return w
}

// gi sets the identifiers of a node: towards one peer, and the current one to all.
func (w *ward) gi(node, peer string, current, bitmap drbd.UUID, history ...drbd.UUID) *ward {
	all := w.node(node).Volumes[0].GI
	for p, g := range all {
		g.Current = current
		all[p] = g
	}
	all[peer] = drbd.GI{Current: current, Bitmap: bitmap, History: history}
	return w
}

func (w *ward) change(node string, f func(*drbd.NodeFacts)) *ward {
	f(w.node(node))
	return w
}

func (w *ward) disk(node, state string) *ward {
	v := w.node(node).Volumes[0]
	v.Disk = state
	w.node(node).Volumes[0] = v
	return w
}

func split() *ward {
	return newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 8).gi("n1", "n2", mine, old).gi("n2", "n1", yours, old)
}

// threeOneLate is n3 in use, whose disk had failed, with n2's data; n1 has lost it and has
// marked what the disk missed, and towards n2 what is said.
func threeOneLate(towardsN2 drbd.UUID) *ward {
	return newWard("n1", "n2", "n3").link("n1", "n3", "StandAlone", 8, 64).change("n3", func(n *drbd.NodeFacts) { n.Role = "Primary" }).disk("n1", "Outdated").
		gi("n1", "n3", old, past).gi("n1", "n2", old, towardsN2).gi("n2", "n1", mine, old).gi("n3", "n1", mine, old)
}

// distrusting is n3 without a disk that does not trust those of n1 and n2.
func distrusting() *ward {
	return newWard("n1", "n2", "n3").disk("n3", "Diskless").change("n3", func(n *drbd.NodeFacts) {
		n.Diskless = true
		for _, l := range n.Links {
			l.Volumes[0] = drbd.LinkVolume{Replication: "Established", Disk: "Consistent"}
		}
	})
}

func outdated(nodes ...string) *ward {
	w := newWard(nodes...)
	for _, n := range nodes {
		w.disk(n, "Outdated")
	}
	return w
}

func TestDiagnose(t *testing.T) {
	use := func(n *drbd.NodeFacts) { n.Role = "Primary" }
	away := func(n *drbd.NodeFacts) { n.Reachable, n.Why = false, "switched off" }
	for _, c := range []struct {
		name string
		w    *ward
		// kinds are findings with their nodes, safe the pairs that may be joined and
		// choices the survivors with their losers.
		kinds, safe, choices []string
		words                string
	}{
		{name: "all is well", w: newWard("n1", "n2", "n3")},
		{name: "both written", w: split(), kinds: []string{"split-brain n1 n2"}, choices: []string{"n1>n2", "n2>n1"}, words: "Split brain"},
		{name: "both written, one in use", w: split().change("n2", use), kinds: []string{"split-brain n1 n2"},
			choices: []string{"n1>n2 in use n2", "n2>n1"}},
		{name: "parted long ago", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 8).gi("n1", "n2", mine, past, old).gi("n2", "n1", yours, alien, old),
			kinds: []string{"split-brain n1 n2"}, choices: []string{"n1>n2", "n2>n1"}},
		{name: "cut off by an administrator", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0), kinds: []string{"stand-alone n1 n2"},
			safe: []string{"n1-n2"}, words: "same data"},
		{name: "cut off at one end", w: newWard("n1", "n2").link("n1", "n2", "Connecting", 0, 0).change("n2", func(n *drbd.NodeFacts) {
			n.Links["n1"] = drbd.LinkFacts{State: "StandAlone"}
		}), kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "one has written", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 0).gi("n1", "n2", mine, old),
			kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}, words: "n1 has newer data than n2"},
		{name: "one has written long ago", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 0).gi("n2", "n1", yours, past, old),
			kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}, words: "full resync"},
		{name: "a resync was cut off, a third copy vouches", w: newWard("n1", "n2", "n3").link("n2", "n3", "StandAlone", 0, 64).
			gi("n1", "n2", mine, old).gi("n3", "n2", mine, past, old).gi("n2", "n3", yours, alien, past).disk("n2", "Inconsistent"),
			kinds: []string{"disk n2", "stand-alone n2 n3"}, safe: []string{"n2-n3"}, words: "cut off; n3 has what it lacks"},
		{name: "a resync was cut off, nobody vouches", w: newWard("n2", "n3").link("n2", "n3", "StandAlone", 0, 64).
			gi("n3", "n2", mine, past, old).gi("n2", "n3", yours, alien, past).disk("n2", "Inconsistent"),
			kinds: []string{"disk n2", "split-brain n2 n3"}, choices: []string{"n3>n2"}},
		{name: "a resync was cut off, the good copies differ", w: newWard("n1", "n2", "n3").link("n2", "n3", "StandAlone", 0, 64).
			gi("n1", "n2", alien, old).gi("n3", "n2", mine, past, old).gi("n2", "n3", yours, alien, past).disk("n2", "Inconsistent"),
			kinds: []string{"disk n2", "split-brain n2 n3"}, choices: []string{"n3>n2"}},
		{name: "one has written, the other is in use", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 0).gi("n1", "n2", mine, old).change("n2", use),
			kinds: []string{"stand-alone n1 n2"}, words: "n2 is in use with older data"},
		{name: "the older one has a bitmap of its own", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 64, 8).gi("n1", "n2", mine, old).gi("n2", "n1", old, past),
			kinds: []string{"doubtful n1 n2"}, choices: []string{"n1>n2"}},
		{name: "a third one has all of the older one's", w: threeOneLate(0), kinds: []string{"disk n1", "stand-alone n1 n3"}, safe: []string{"n1-n3"},
			words: "n3 has newer data than n1"},
		{name: "the third one may lack some of the older one's", w: threeOneLate(past), kinds: []string{"disk n1", "doubtful n1 n3"}, choices: []string{"n3=n2>n1"}},
		{name: "the third one has other data", w: threeOneLate(0).gi("n2", "n1", yours, old), kinds: []string{"disk n1", "doubtful n1 n3"}, choices: []string{"n3>n1"}},
		{name: "both in use with the same data", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).change("n1", use).change("n2", use),
			kinds: []string{"stand-alone n1 n2"}, words: "Both are in use"},
		{name: "one side fresh", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n2", "n1", drbd.JustCreated, 0).disk("n2", "Inconsistent"),
			kinds: []string{"disk n2", "stand-alone n1 n2"}, safe: []string{"n1-n2"}, words: "never had data"},
		{name: "unrelated", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n2", "n1", alien, 0),
			kinds: []string{"unrelated n1 n2"}, words: "no data generation in common"},
		{name: "a new volume that only a client uses", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n1", "n2", 0, 0).gi("n2", "n1", 0, 0),
			kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "a new volume that one has lost", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n1", "n2", 0, 0, past).gi("n2", "n1", mine, 0, past).disk("n1", "Outdated"),
			kinds: []string{"disk n1", "stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "a new volume that both call good", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n1", "n2", 0, 0, past).gi("n2", "n1", mine, 0, past),
			kinds: []string{"doubtful n1 n2"}, choices: []string{"n2>n1"}},
		{name: "a disk that failed tells nothing", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).gi("n1", "n2", 0, 0).disk("n1", "Failed"),
			kinds: []string{"disk n1", "stand-alone n1 n2"}, words: "could not be read"},
		{name: "identifiers unknown", w: newWard("n1", "n2").link("n1", "n2", "StandAlone", 0, 0).change("n2", func(n *drbd.NodeFacts) { clear(n.Volumes[0].GI) }),
			kinds: []string{"stand-alone n1 n2"}, words: "could not be read"},
		{name: "the other one does not answer", w: split().change("n2", away), kinds: []string{"unreachable n2"}, words: "switched off"},
		{name: "network trouble", w: newWard("n1", "n2").link("n1", "n2", "Connecting", 0, 0), kinds: []string{"disconnected n1 n2"}, words: "look at the network"},
		{name: "split brain that DRBD has not seen", w: split().link("n1", "n2", "Connecting", 64, 8), kinds: []string{"split-brain n1 n2"}},
		{name: "two against one", w: newWard("n1", "n2", "n3").link("n1", "n2", "StandAlone", 64, 8).link("n2", "n3", "StandAlone", 8, 64).
			gi("n1", "n2", mine, old).gi("n3", "n2", mine, old).gi("n2", "n1", yours, old).gi("n2", "n3", yours, old),
			kinds: []string{"split-brain n1 n2", "split-brain n2 n3"}, choices: []string{"n1=n3>n2", "n2>n1 n3"}},
		{name: "two against one that is away", w: newWard("n1", "n2", "n3").change("n3", away).link("n1", "n2", "StandAlone", 0, 0),
			kinds: []string{"unreachable n3", "stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "three ways", w: newWard("n1", "n2", "n3").link("n1", "n2", "StandAlone", 1, 1).link("n2", "n3", "StandAlone", 1, 1).link("n1", "n3", "StandAlone", 1, 1).
			gi("n1", "n2", mine, old).gi("n1", "n3", mine, old).gi("n2", "n1", yours, old).gi("n2", "n3", yours, old).gi("n3", "n1", alien, old).gi("n3", "n2", alien, old),
			kinds: []string{"split-brain n1 n2", "split-brain n1 n3", "split-brain n2 n3"}, choices: []string{"n1>n2 n3", "n2>n1 n3", "n3>n1 n2"}},
		{name: "a generation known towards a third node", w: newWard("n1", "n2", "n3").link("n1", "n2", "StandAlone", 64, 0).gi("n1", "n3", mine, old).gi("n3", "n1", mine, 0),
			kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}, words: "n1 has newer data"},
		{name: "diskless", w: newWard("n1", "n2").client("n2"), kinds: []string{"stand-alone n1 n2"}, safe: []string{"restart n2-n1"}},
		{name: "diskless and in use", w: newWard("n1", "n2").client("n2").change("n2", use), kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"},
			words: "newer data than n1 has"},
		{name: "diskless, another has a disk too", w: newWard("n1", "n2", "n3").client("n2"), kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "diskless, another may have newer data", w: newWard("n1", "n2", "n3").client("n2").change("n3", away),
			kinds: []string{"unreachable n3", "stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "diskless, another has an unused disk", w: newWard("n1", "n2", "n3").client("n2").disk("n3", "Diskless").link("n2", "n3", "Connecting", 0, 0),
			kinds: []string{"disk n3", "stand-alone n1 n2", "disconnected n2 n3"}, safe: []string{"n1-n2"}},
		{name: "diskless, another has newer data", w: newWard("n1", "n2", "n3").client("n2").link("n2", "n3", "Connecting", 0, 0).
			link("n1", "n3", "Connecting", 0, 8).gi("n3", "n1", mine, old),
			kinds: []string{"stand-alone n1 n2", "disconnected n1 n3", "disconnected n2 n3"}, safe: []string{"n1-n2"}},
		{name: "diskless, another has older data", w: newWard("n1", "n2", "n3").client("n2").link("n2", "n3", "Connecting", 0, 0).
			link("n1", "n3", "Connecting", 8, 0).gi("n1", "n3", mine, old),
			kinds: []string{"stand-alone n1 n2", "disconnected n1 n3", "disconnected n2 n3"}, safe: []string{"restart n2-n1"}},
		{name: "diskless, an inactive one may have newer data", w: newWard("n1", "n2").client("n2").hidden("n3"),
			kinds: []string{"stand-alone n1 n2"}, safe: []string{"n1-n2"}, words: "may be on n3"},
		{name: "held by quorum", w: newWard("n1", "n2").change("n1", func(n *drbd.NodeFacts) { n.Suspended = []string{"quorum"} }), kinds: []string{"suspended n1"}, words: "quorum"},
		{name: "without quorum", w: newWard("n1", "n2").change("n1", func(n *drbd.NodeFacts) { n.Volumes[0] = drbd.VolumeFacts{Disk: "UpToDate", Quorum: drbd.No} }),
			kinds: []string{"suspended n1"}},
		{name: "outdated", w: newWard("n1", "n2").disk("n2", "Outdated"), kinds: []string{"disk n2"}, words: "others have newer data"},
		{name: "held back", w: newWard("n1", "n2").change("n2", func(n *drbd.NodeFacts) { n.Volumes[0] = drbd.VolumeFacts{Disk: "Consistent", Quorum: drbd.Yes} }),
			kinds: []string{"disk n2"}, words: "drbdadm primary"},
		{name: "a client takes no copy for good", w: distrusting(), kinds: []string{"distrust n3"}, safe: []string{"restart n3-n1"}, words: "has seen other data"},
		{name: "a client takes one copy for good", w: distrusting().change("n3", func(n *drbd.NodeFacts) { n.Links["n2"].Volumes[0] = drbd.LinkVolume{Disk: "UpToDate"} })},
		{name: "a client in use takes no copy for good", w: distrusting().change("n3", use), kinds: []string{"distrust n3"}},
		{name: "a client takes no copy for good, one is away", w: distrusting().change("n2", away), kinds: []string{"unreachable n2", "distrust n3"}},
		{name: "a client takes no copy for good, none is", w: distrusting().disk("n1", "Inconsistent").disk("n2", "Inconsistent"),
			kinds: []string{"disk n1", "disk n2", "no-good-copy n1 n2"}},
		{name: "all outdated", w: outdated("n1", "n2", "n3"), kinds: []string{"no-good-copy n1 n2 n3"}, safe: []string{"trust n1-n2"}, words: "connected and the same"},
		{name: "all outdated, a client", w: outdated("n1", "n2", "n3").change("n3", func(n *drbd.NodeFacts) { n.Diskless = true }).disk("n3", "Diskless"),
			kinds: []string{"no-good-copy n1 n2"}, safe: []string{"trust n1-n2"}},
		{name: "all outdated, a client in use", w: outdated("n1", "n2", "n3").change("n3", func(n *drbd.NodeFacts) { n.Diskless, n.Role = true, "Primary" }).disk("n3", "Diskless"),
			kinds: []string{"no-good-copy n1 n2"}},
		{name: "all outdated, one copy", w: outdated("n1"), kinds: []string{"no-good-copy n1"}, choices: []string{"n1>"}, words: "last copy"},
		{name: "all outdated, one copy and a client", w: outdated("n1", "n2").change("n2", func(n *drbd.NodeFacts) { n.Diskless = true }).disk("n2", "Diskless"),
			kinds: []string{"no-good-copy n1"}, choices: []string{"n1>"}},
		{name: "all outdated, one copy, a client in use", w: outdated("n1", "n2").change("n2", func(n *drbd.NodeFacts) { n.Diskless, n.Role = true, "Primary" }).disk("n2", "Diskless"),
			kinds: []string{"disk n1", "no-good-copy n1"}},
		{name: "all outdated, one copy, a client is away", w: outdated("n1", "n2").change("n2", func(n *drbd.NodeFacts) { n.Diskless, n.Reachable = true, false }),
			kinds: []string{"disk n1", "unreachable n2", "no-good-copy n1"}, words: "backup"},
		{name: "all outdated, one copy, an inactive one may have newer data", w: outdated("n1").hidden("n3"), kinds: []string{"disk n1", "no-good-copy n1"}, words: "backup"},
		{name: "all outdated, one does not answer", w: outdated("n1", "n2", "n3").change("n3", away), kinds: []string{"disk n1", "disk n2", "unreachable n3", "no-good-copy n1 n2"}},
		{name: "all outdated, one failed", w: outdated("n1", "n2", "n3").disk("n3", "Failed"), kinds: []string{"disk n1", "disk n2", "disk n3", "no-good-copy n1 n2 n3"}},
		{name: "all outdated, an inactive one may have newer data", w: outdated("n1", "n2").hidden("n3"), kinds: []string{"no-good-copy n1 n2"}},
		{name: "all outdated, not the same", w: outdated("n1", "n2").gi("n1", "n2", mine, old), kinds: []string{"disk n1", "disk n2", "no-good-copy n1 n2"}},
		{name: "all outdated, not connected", w: outdated("n1", "n2").link("n1", "n2", "Connecting", 0, 0), kinds: []string{"disk n1", "disk n2", "disconnected n1 n2", "no-good-copy n1 n2"}},
		{name: "all outdated, cut off for being trusted", w: outdated("n1", "n2").link("n1", "n2", "Connecting", 0, 0).change("n1", func(n *drbd.NodeFacts) {
			n.Links["n2"] = drbd.LinkFacts{State: "StandAlone"}
		}), kinds: []string{"disk n1", "disk n2", "stand-alone n1 n2", "no-good-copy n1 n2"}, safe: []string{"n1-n2"}},
		{name: "one is trusted and still cut off", w: newWard("n1", "n2").disk("n2", "Outdated").link("n1", "n2", "Connecting", 0, 0).gi("n1", "n2", mine, old).change("n1", func(n *drbd.NodeFacts) {
			n.Links["n2"] = drbd.LinkFacts{State: "StandAlone"}
		}), kinds: []string{"disk n2", "stand-alone n1 n2"}, safe: []string{"n1-n2"}},
		{name: "all outdated, identifiers unknown", w: outdated("n1", "n2").change("n2", func(n *drbd.NodeFacts) { clear(n.Volumes[0].GI) }),
			kinds: []string{"disk n1", "disk n2", "no-good-copy n1 n2"}},
		{name: "no good copy", w: newWard("n1", "n2").disk("n1", "Inconsistent").disk("n2", "Inconsistent"),
			kinds: []string{"disk n1", "disk n2", "no-good-copy n1 n2"}, words: "backup"},
		{name: "resync", w: newWard("n1", "n2").disk("n2", "Inconsistent").change("n2", func(n *drbd.NodeFacts) {
			n.Links["n1"] = drbd.LinkFacts{State: "Connected", Volumes: map[int]drbd.LinkVolume{0: {Replication: "SyncTarget"}}}
		}), kinds: []string{"resync n2"}},
		{name: "down", w: newWard("n1", "n2").change("n2", func(n *drbd.NodeFacts) { n.Running = false }), kinds: []string{"down n2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := drbd.Diagnose(c.w.f)
			kinds, safe, choices, words := summary(got)
			if diff := cmp.Diff([][]string{c.kinds, c.safe, c.choices}, [][]string{kinds, safe, choices}); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, words)
			}
			if !strings.Contains(words, c.words) {
				t.Errorf("words without %q: %s", c.words, words)
			}
			if got.Healthy != (len(c.kinds) == 0) {
				t.Errorf("healthy is %v", got.Healthy)
			}
		})
	}
}

func summary(d v1.Diagnosis) (kinds, safe, choices []string, words string) {
	for _, f := range d.Findings {
		kinds = append(kinds, f.Kind+" "+strings.Join(f.Nodes, " "))
		words += f.Words + "\n"
	}
	for _, a := range d.SafeActions {
		safe = append(safe, strings.TrimPrefix(a.Kind+" ", v1.DoctorReconnect+" ")+a.Node+"-"+a.Peer)
	}
	for _, c := range d.Choices {
		text := strings.Join(append([]string{c.Survivor}, c.SameData...), "=") + ">" + strings.Join(c.Losers, " ")
		if len(c.InUse) > 0 {
			text += " in use " + strings.Join(c.InUse, " ")
		}
		choices = append(choices, text)
	}
	return kinds, safe, choices, words
}

// TestDiagnosisTells: how much is lost, since when, and what to type.
func TestDiagnosisTells(t *testing.T) {
	d := drbd.Diagnose(split().f)
	f := d.Findings[0]
	if f.Since != 1000 || f.OutOfSyncKiB == nil || *f.OutOfSyncKiB != 72 {
		t.Errorf("since %d, out of sync %v", f.Since, f.OutOfSyncKiB)
	}
	if c := d.Choices[0]; !strings.Contains(c.Loss, "up to 8 KiB") || c.Command != "holdfast doctor web --survivor n1" {
		t.Errorf("choice %+v", c)
	}
	thick := split().change("n2", func(n *drbd.NodeFacts) { n.NoSnapshot = "storage pool 'p' is of kind LVM" }).f
	if c := drbd.Diagnose(thick).Choices[0]; len(c.NoSnapshot) != 1 || !strings.Contains(c.NoSnapshot[0], "kind LVM") || c.Command != "holdfast doctor web --survivor n1 --without-snapshot" {
		t.Errorf("choice without a snapshot %+v", c)
	}
	for _, id := range []drbd.UUID{mine, yours} {
		if !strings.Contains(f.Words, id.String()) {
			t.Errorf("no generation %s in %q", id, f.Words)
		}
	}
}
