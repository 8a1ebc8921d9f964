package drbd_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// members reads a short form: D disk, d diskless, l diskless whose disk may still be
// there, t tiebreaker, c client; a following - is being deleted, ~ inactive, ! in use,
// ? offline, o old DRBD.
func members(s string) []drbd.Member {
	var out []drbd.Member
	for _, c := range s {
		if strings.ContainsRune("Ddltc", c) {
			out = append(out, drbd.Member{Node: fmt.Sprintf("n%d", len(out)), Diskless: c != 'D', Tiebreaker: c == 't', Client: c == 'c', Leaving: c == 'l',
				Online: true, Kernel: drbd.Version{Major: 9, Minor: 2, Patch: 19}})
			continue
		}
		m := &out[len(out)-1]
		switch c {
		case '-':
			m.Deleting = true
		case '~':
			m.Inactive = true
		case '!':
			m.InUse = true
		case '?':
			m.Online = false
		case 'o':
			m.Kernel = drbd.Version{Major: 9, Minor: 0, Patch: 17}
		}
	}
	return out
}

func TestQuorum(t *testing.T) {
	for shape, want := range map[string]string{
		"": "off", "D": "off", "DD": "off", "Dd": "off", "Ddd": "off",
		"DDd": "majority", "DDt": "majority", "DDdd": "majority", "DDD": "majority", "DDDD": "majority",
		"l": "off", "Dl": "off", "Dlt": "majority", "Dld": "majority", "DDl": "majority", "DDl-": "off",
		"DDc": "off", "DDD-": "off", "DDD~": "off", "DDd-": "off", "DDDo": "off", "DDDcc": "majority", "DDDDo-": "majority",
	} {
		got := drbd.Quorum(drbd.QuorumInput{Resource: "web", Members: members(shape), Current: "off"})
		if got.Value != want || got.Changed != (want != "off") || !strings.Contains(got.Why, "'web'") {
			t.Errorf("%s: %+v, want %s", shape, got, want)
		}
	}
	for user, want := range map[string]string{"": "majority", "off": "off", "all": "all", "2": "2"} {
		got := drbd.Quorum(drbd.QuorumInput{Members: members("D"), SetBy: drbd.QuorumByUser, UserValue: user})
		if got.Value != want {
			t.Errorf("user's %q gives %s", user, got.Value)
		}
	}
}

func TestTiebreaker(t *testing.T) {
	for shape, want := range map[string]string{
		"D": "keep ", "DD": "create ", "DDd": "keep ", "DDc": "create ", "DDD": "keep ", "DDDD": "create ", "DDDDd": "keep ",
		"DDt": "keep n2", "DDDt": "delete n3", "DDdt": "delete n3", "Dt": "delete n1", "DDDt?": "keep n3", "DDtt": "delete n3", "DDt?t": "keep n2",
		"DDt!": "promote n2", "DDd-": "take over n2", "DDD-": "take over n2 to diskless", "DDD-d-": "take over n3", "DDd-?": "create ", "DDc-": "create ",
		"Dlt": "keep n2", "Dltt": "keep n2", "DDl": "keep ",
		"DDo": "keep ", "DD~": "keep ", "DDt-": "take over n2",
	} {
		d := drbd.Tiebreaker(drbd.QuorumInput{Resource: "web", Members: members(shape), AutoTiebreaker: true})
		got := string(d.Action) + " " + d.Node
		if d.ToDiskless {
			got += " to diskless"
		}
		if got != want || !strings.Contains(d.Why, "'web'") {
			t.Errorf("%s: %s, want %s: %s", shape, got, want, d.Why)
		}
	}
	for _, in := range []drbd.QuorumInput{
		{Members: members("DD")},
		{Members: members("DD"), AutoTiebreaker: true, SetBy: drbd.QuorumByUser, UserValue: "off"},
	} {
		if ok, why := drbd.TiebreakerWanted(in); ok || why == "" {
			t.Errorf("%+v wants a tiebreaker", in)
		}
	}
}

// TestTiebreakerEnds carries decisions out until there are none: that ends, and
// then with quorum wherever the rules promise it.
func TestTiebreakerEnds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		list := members(rapid.StringMatching(`([Ddltc][-~!?]?){0,7}`).Draw(rt, "members"))
		for range 10 {
			in := drbd.QuorumInput{Resource: "r", Members: list, AutoTiebreaker: true}
			d := drbd.Tiebreaker(in)
			if d.Action == drbd.TiebreakerKeep {
				if wanted, _ := drbd.TiebreakerWanted(in); wanted && drbd.Quorum(in).Value != drbd.QuorumMajority {
					rt.Fatalf("no quorum with %+v", list)
				}
				return
			}
			list = decide(list, d)
		}
		rt.Fatalf("no end with %+v", list)
	})
}

func decide(list []drbd.Member, d drbd.TiebreakerDecision) []drbd.Member {
	list = slices.Clone(list)
	i := slices.IndexFunc(list, func(m drbd.Member) bool { return m.Node == d.Node })
	switch d.Action {
	case drbd.TiebreakerCreate:
		return append(list, drbd.Member{Node: "new", Diskless: true, Tiebreaker: true, Online: true})
	case drbd.TiebreakerDelete:
		list[i].Deleting = true
	case drbd.TiebreakerTakeOver:
		list[i].Deleting, list[i].Diskless, list[i].Tiebreaker = false, true, true
	case drbd.TiebreakerPromote:
		list[i].Tiebreaker = false
	}
	return list
}

func TestTiebreakerByUser(t *testing.T) {
	if d := drbd.DeleteTiebreaker("r", "n", true); !d.Keep || !d.AutoTiebreaker || d.Why == "" {
		t.Errorf("keep: %+v", d)
	}
	if d := drbd.DeleteTiebreaker("r", "n", false); d.Keep || d.AutoTiebreaker || d.Why == "" {
		t.Errorf("delete: %+v", d)
	}
	if diskful, why := drbd.CreateOnTiebreaker("r", "n", true); !diskful || why == "" {
		t.Error("a disk is asked for")
	}
	if diskful, why := drbd.CreateOnTiebreaker("r", "n", false); diskful || why == "" {
		t.Error("no disk is asked for")
	}
}
