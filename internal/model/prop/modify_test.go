package prop

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func TestModify(t *testing.T) {
	current := map[string]string{"Aux/a": "1", "Aux/b": "2", "Paths/p/n1": "eth0", "Paths/p/n2": "eth0", "Paths/pp/n1": "eth0"}
	next, changes, f := Modify(NodeConnection, current,
		map[string]string{"Aux/a": "1", "Aux/c": "3", "/Aux/b": "4"}, []string{"Aux/none", "Aux/d"}, []string{"Paths/p"})
	if f != nil {
		t.Fatal(f)
	}
	want := map[string]string{"Aux/a": "1", "Aux/b": "4", "Aux/c": "3", "Paths/pp/n1": "eth0"}
	if d := cmp.Diff(want, next); d != "" {
		t.Error(d)
	}
	var said []string
	for _, c := range changes {
		said = append(said, c.RC().Message)
	}
	wantSaid := []string{"Property 'Aux/b' changed.", "Property 'Aux/c' set.", "Property 'Paths/p/n1' deleted.", "Property 'Paths/p/n2' deleted."}
	if d := cmp.Diff(wantSaid, said); d != "" {
		t.Error(d)
	}
}

func TestModifyConvertsFormerNames(t *testing.T) {
	next, changes, f := Modify(Controller, nil, map[string]string{"ExtCmdWaitTimeout": "5000"}, nil, nil)
	if f != nil || next["ExtCmd/WaitTimeout"] != "5000" || len(next) != 1 {
		t.Fatal(next, f)
	}
	if len(changes) != 2 || changes[0].RC().RetCode != v1.WarnDeprecated || changes[0].RC().Correction == "" || changes[1].Key != "ExtCmd/WaitTimeout" {
		t.Errorf("%+v", changes)
	}
	next, _, f = Modify(Controller, next, nil, []string{"ExtCmdWaitTimeout"}, nil)
	if f != nil || len(next) != 0 {
		t.Error("the former name does not delete", next, f)
	}
	_, changes, f = Modify(ResourceGroup, nil, map[string]string{"DrbdOptions/auto-quorum": "disabled"}, nil, nil)
	if f != nil || len(changes) != 2 || changes[0].RC().RetCode != v1.WarnDeprecated {
		t.Error(changes, f)
	}
}

func TestModifyGuardsWhatTheSystemKeeps(t *testing.T) {
	current := map[string]string{"NodeUname": "n1", "Satellite/x": "1", "Aux/a": "1"}
	if next, changes, f := Modify(Node, current, map[string]string{"NodeUname": "n1"}, nil, nil); f != nil || len(changes) != 0 || next["NodeUname"] != "n1" {
		t.Error("the same value is refused", f)
	}
	if _, _, f := Modify(Node, current, map[string]string{"NodeUname": "n2"}, nil, nil); f == nil {
		t.Error("another value is accepted")
	}
	if _, _, f := Modify(Node, current, nil, []string{"NodeUname"}, nil); f == nil {
		t.Error("deletion is accepted")
	}
	if _, _, f := Modify(Node, nil, nil, []string{"NodeUname"}, nil); f != nil {
		t.Error("deletion of an unset key is refused", f)
	}
	if next, _, f := Modify(Node, current, nil, nil, []string{"Satellite"}); f != nil || next["Satellite/x"] == "" {
		t.Error("the namespace of the system is deleted", f)
	}
	if _, _, f := Modify(Node, current, nil, nil, []string{"/"}); f == nil {
		t.Error("an empty namespace is accepted")
	}
}

func TestModifyTellsAllThatIsWrong(t *testing.T) {
	_, _, f := Modify(Node, nil, map[string]string{"bad-one": "1", "bad-two": "2", "Aux/fine": "3"}, nil, nil)
	if f == nil || !strings.Contains(f.Message, "bad-one") || !strings.Contains(f.Details, "'bad-two'") || strings.Contains(f.Details, "fine") {
		t.Errorf("%+v", f)
	}
	_, _, f = Modify(Node, nil, map[string]string{"Aux/a": "1", "Aux//a": "2"}, nil, nil)
	if f == nil || !strings.Contains(f.Message, "twice") {
		t.Errorf("%+v", f)
	}
	if _, _, f = Modify(Node, nil, map[string]string{"Aux/a": "1", "Aux//a": "1"}, nil, nil); f != nil {
		t.Error(f)
	}
}

// Modify never half-applies, never touches what it was given, and says exactly what
// it changed.
func TestModifyIsWhole(t *testing.T) {
	keys := []string{"Aux/a", "Aux/b/c", "Aux/b/d", "PrefNic", "AutoplaceTarget", "NodeUname", "nonsense", "/Aux//a"}
	values := []string{"true", "false", "eth0", "", "x"}
	rapid.Check(t, func(t *rapid.T) {
		anyMap := rapid.MapOfN(rapid.SampledFrom(keys), rapid.SampledFrom(values), 0, 4)
		current := anyMap.Draw(t, "current")
		delete(current, "/Aux//a")
		override := anyMap.Draw(t, "override")
		remove := rapid.SliceOfN(rapid.SampledFrom(keys), 0, 3).Draw(t, "remove")
		spaces := rapid.SliceOfN(rapid.SampledFrom([]string{"Aux", "Aux/b", "none", ""}), 0, 2).Draw(t, "spaces")
		before := maps.Clone(current)
		next, changes, f := Modify(Node, current, override, remove, spaces)
		if !maps.Equal(before, current) {
			t.Fatal("the given map was changed")
		}
		if f != nil {
			if next != nil || changes != nil {
				t.Fatal("a refusal comes with a result")
			}
			return
		}
		replayed := maps.Clone(current)
		for _, c := range changes {
			if c.Op == Deleted {
				delete(replayed, c.Key)
			} else {
				replayed[c.Key] = c.New
			}
		}
		if !maps.Equal(replayed, next) {
			t.Fatalf("changes %v give %v, not %v", changes, replayed, next)
		}
		if !slices.IsSortedFunc(changes, func(a, b Change) int { return strings.Compare(a.Key, b.Key) }) {
			t.Fatal("the order of changes is by chance")
		}
		_, again, _ := Modify(Node, current, override, remove, spaces)
		if !slices.Equal(changes, again) {
			t.Fatal("the same call gives another result")
		}
	})
}

// TestModifyRefusesWhatHasNoEffect: a script is no longer set without being run; one that
// was stored before can be sent back and deleted.
func TestModifyRefusesWhatHasNoEffect(t *testing.T) {
	const script = "Autoplacer/PreSelectScript"
	for _, key := range []string{script, script + "Timeout"} {
		if _, _, f := Modify(Controller, nil, map[string]string{key: "5000"}, nil, nil); f == nil || !strings.Contains(f.Correction, "Autoplacer/Weights") {
			t.Errorf("%s: %v", key, f)
		}
		if _, listed := Infos(Controller)[key]; listed {
			t.Errorf("%s is offered", key)
		}
	}
	const chains = "DrbdOptions/auto-resync-after-disable"
	if _, _, f := Modify(Controller, nil, map[string]string{chains: "false"}, nil, nil); f == nil || !strings.Contains(f.Correction, "resync-after") {
		t.Errorf("%s: %v", chains, f)
	}
	if next, _, f := Modify(Controller, nil, map[string]string{chains: "True"}, nil, nil); f != nil || len(next) != 1 {
		t.Errorf("%s: %v %v", chains, next, f)
	}
	stored := map[string]string{script: "a.js", "Aux/x": "1"}
	if next, changes, f := Modify(Controller, stored, stored, nil, nil); f != nil || len(changes) != 0 || len(next) != 2 {
		t.Errorf("sent back: %v %v %v", next, changes, f)
	}
	if next, _, f := Modify(Controller, stored, nil, []string{script}, nil); f != nil || len(next) != 1 {
		t.Errorf("deleted: %v %v", next, f)
	}
}
