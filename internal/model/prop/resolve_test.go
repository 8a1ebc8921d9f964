package prop

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func level(c Class, n string, kv ...string) Level {
	l := Level{Class: c, Name: n, Props: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		l.Props[kv[i]] = kv[i+1]
	}
	return l
}

func TestResolve(t *testing.T) {
	const key = "DrbdOptions/Resource/quorum"
	s := Scope{ResourceDefinition: level(ResourceDefinition, "web", key, "off"), Controller: level(Controller, "", key, "majority"),
		ResourceGroup: level(ResourceGroup, "fast")}
	got, ok := Resolve(key, s.ResourceOptions()...)
	want := Effective{Found: Found{"off", ResourceDefinition, "web"}, Overridden: []Found{{"majority", Controller, ""}}}
	if d := cmp.Diff(want, got); !ok || d != "" {
		t.Error(ok, d)
	}
	if api := got.API(); api.Value != "off" || api.Type != "RESOURCE_DEFINITION" || api.Descr != "web" || len(api.Other) != 1 {
		t.Errorf("%+v", api)
	}
	if _, ok := Resolve("other", s.ResourceOptions()...); ok {
		t.Error("a key that nobody has is found")
	}
}

func TestOrders(t *testing.T) {
	names := func(levels []Level) (out string) {
		for _, l := range levels {
			out += l.Name + " "
		}
		return out
	}
	s := Scope{Volume: Level{Name: "V"}, Resource: Level{Name: "R"}, VolumeDefinition: Level{Name: "VD"}, VolumeGroup: Level{Name: "VG"},
		ResourceDefinition: Level{Name: "RD"}, ResourceGroup: Level{Name: "RG"}, StoragePool: Level{Name: "SP"}, PoolDefinition: Level{Name: "SPD"},
		Node: Level{Name: "N"}, NodeConnection: Level{Name: "NC"}, ResourceConnection: Level{Name: "RC"}, Controller: Level{Name: "C"}}
	for _, tt := range []struct {
		got  []Level
		want string
	}{
		{s.DiskOptions(), "V R VD VG RD RG N C "},
		{s.ResourceOptions(), "R RD RG N C "},
		{s.ConnectionOptions(), "RC RD NC RG C "},
		{s.PathOptions(), "RC NC "},
		{s.DefinitionOptions(), "RD RG C "},
		{s.VolumeDefinitionOptions(), "VD VG RD RG C "},
		{s.BlockSizeOptions(), "VD RD VG RG C "},
		{s.AutoDiskfulOptions(), "R N RD RG C "},
		{s.PoolOptions(), "SP SPD N C "},
		{s.InterfaceOptions(), "SP R RD RG N C "},
		{s.PoolChoice(), "V R VD RD VG RG N "},
		{s.NodeOptions(), "N C "},
	} {
		if got := names(tt.got); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestShorthands(t *testing.T) {
	levels := []Level{level(Node, "n", "a", "No", "b", "maybe", "c", "7"), level(Controller, "", "a", "true", "d", "TRUE")}
	if Bool("a", true, levels...) || !Bool("b", true, levels...) || !Bool("d", false, levels...) || Bool("e", false, levels...) {
		t.Error("Bool is wrong")
	}
	if Int("c", 1, levels...) != 7 || Int("b", 1, levels...) != 1 || Int("e", 2, levels...) != 2 {
		t.Error("Int is wrong")
	}
}

// The value that counts is that of the first level that has the key; the others
// that have it are hidden, in their order.
func TestResolveIsTheFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var levels []Level
		for i := range rapid.IntRange(0, 6).Draw(t, "levels") {
			l := Level{Name: fmt.Sprint(i)}
			l.Props = rapid.MapOfN(rapid.SampledFrom([]string{"n/a", "n/b", "m/c"}), rapid.SampledFrom([]string{"", "1", "2"}), 0, 3).Draw(t, "props")
			levels = append(levels, l)
		}
		all := EffectiveProps("n/", levels...)
		for _, key := range []string{"n/a", "n/b", "m/c"} {
			var want []Found
			for _, l := range levels {
				if v, ok := l.Props[key]; ok {
					want = append(want, Found{Value: v, Name: l.Name})
				}
			}
			got, ok := Resolve(key, levels...)
			v, okGet := Get(key, levels...)
			if ok != (len(want) > 0) || okGet != ok || v != got.Value {
				t.Fatal("found by one and not by the other")
			}
			if _, listed := all[key]; listed != (ok && key != "m/c") {
				t.Fatal("the namespace is not complete")
			}
			if !ok {
				continue
			}
			if d := cmp.Diff(want, append([]Found{got.Found}, got.Overridden...)); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func TestResolveMissesForNothing(t *testing.T) {
	levels := []Level{level(Node, "n", "a", "1"), level(Controller, "")}
	if n := testing.AllocsPerRun(100, func() { Resolve("DrbdOptions/none", levels...) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}
