package prop

import (
	"slices"
	"strings"
	"testing"
)

func TestTablesAreSound(t *testing.T) {
	seen := map[Class]map[string]bool{}
	for _, table := range tables() {
		for _, p := range table {
			if p.Help == "" || p.in == 0 {
				t.Errorf("%s has no help or no object", p.Key)
			}
			if got, f := NormalKey(p.Key); f != nil || got != p.Key {
				t.Errorf("%s is not a normal key", p.Key)
			}
			for _, c := range p.Classes() {
				if seen[c] == nil {
					seen[c] = map[string]bool{}
				}
				if seen[c][p.Key] {
					t.Errorf("%s is twice in %s", p.Key, c)
				}
				seen[c][p.Key] = true
			}
		}
	}
}

func TestDefaultsAreValidValues(t *testing.T) {
	inWords := []string{"unlimited", "64 for pmem, 65536 for ssd", "thread count", "place count of the resource group"}
	for _, class := range Classes() {
		for _, p := range List(class) {
			if p.Default == "" || slices.Contains(inWords, p.Default) || strings.HasSuffix(p.Key, "/discard-granularity") {
				continue
			}
			if kept, why := p.Rule.accept(p.Default); why != "" || kept != p.Default {
				t.Errorf("%s: default %s gives %q, %s", p.Key, p.Default, kept, why)
			}
		}
	}
}

func TestGroupsTakeWhatTheirDefinitionsTake(t *testing.T) {
	for _, pair := range [][2]Class{{ResourceDefinition, ResourceGroup}, {VolumeDefinition, VolumeGroup}} {
		if a, b := Keys(pair[0]), Keys(pair[1]); !slices.Equal(a, b) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
}

func TestClassesHaveTheirBits(t *testing.T) {
	want := map[Class]set{Controller: ctrl, Node: node, StoragePool: pool, StoragePoolDefinition: poolDef, ResourceGroup: group,
		VolumeGroup: volGroup, ResourceDefinition: rscDef, VolumeDefinition: volDef, Resource: res, Volume: vol,
		NodeConnection: nodeConn, ResourceConnection: rscConn, Snapshot: snap, DRBDProxy: proxy, DRBDProxyLZ4: proxyLZ4,
		DRBDProxyLZMA: proxyLZMA, DRBDProxyZlib: proxyZlib, DRBDProxyZstd: proxyZstd}
	for _, c := range Classes() {
		if c.bit() != want[c] {
			t.Errorf("%s has bit %b", c, c.bit())
		}
		if c.Words() == "" {
			t.Errorf("%s has no words", c)
		}
	}
	if Class("OTHER").bit() != 0 {
		t.Error("an unknown class has a bit")
	}
}

func TestInfos(t *testing.T) {
	infos := Infos(VolumeDefinition)
	got := infos["DrbdOptions/Disk/disk-timeout"]
	if got.PropType != "range" || got.Value != "(0 - 6000)" || got.Dflt != "0" || got.Unit != "1/10 seconds" || got.Info == "" {
		t.Errorf("disk-timeout is %+v", got)
	}
	if got := infos["StorDriver/LvcreateType"].Value; got != "(?:linear|lz4|lzma|mirror|raid0|raid1|raid10|raid4|raid5|raid6|striped)" {
		t.Errorf("LvcreateType is %s", got)
	}
	if _, ok := Infos(Node)["NodeUname"]; ok {
		t.Error("a key that cannot be set is offered")
	}
	if got := Infos(Controller)["ExtCmdWaitTimeout"].Info; !strings.HasPrefix(got, "Deprecated:") {
		t.Errorf("ExtCmdWaitTimeout is %s", got)
	}
}
