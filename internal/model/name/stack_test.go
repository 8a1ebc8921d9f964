package name

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func layers(s string) []v1.LayerType {
	var out []v1.LayerType
	for l := range strings.SplitSeq(s, ",") {
		if l != "" {
			out = append(out, v1.LayerType(l))
		}
	}
	return out
}

func TestCheckStack(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "DRBD,STORAGE": "DRBD,STORAGE", "drbd,luks,storage": "DRBD,LUKS,STORAGE", "STORAGE": "STORAGE", "DRBD": "DRBD,STORAGE",
		"DRBD,NVME,LUKS,STORAGE": "DRBD,NVME,LUKS,STORAGE", "DRBD,WRITECACHE,CACHE,BCACHE": "DRBD,WRITECACHE,CACHE,BCACHE,STORAGE",
		"CACHE,NVME,STORAGE": "CACHE,NVME,STORAGE",
	} {
		got, warnings, f := CheckStack(layers(in))
		if f != nil || JoinLayers(got, ",") != want {
			t.Errorf("%s gives %v, %v", in, got, f)
		}
		if added := want != "" && !strings.Contains(strings.ToUpper(in), "STORAGE"); added != (len(warnings) == 1) {
			t.Errorf("%s warns %v", in, warnings)
		}
	}
	for in, want := range map[string]string{
		"DRBD,DRBD,STORAGE": "named twice", "STORAGE,DRBD": "STORAGE is not the last", "LUKS,DRBD,STORAGE": "DRBD cannot lie directly below LUKS",
		"NVME,DRBD,STORAGE": "DRBD cannot", "LUKS,CACHE,STORAGE": "CACHE cannot", "WRITECACHE,DRBD": "DRBD cannot", "STORAGE,STORAGE": "named twice",
	} {
		_, _, f := CheckStack(layers(in))
		if f == nil || f.Code != v1.FailInvalidLayerStack || !strings.Contains(f.Cause, want) || f.Correction == "" {
			t.Errorf("%s gives %+v", in, f)
		}
	}
	if _, _, f := CheckStack(layers("DRBD,TAPE")); f == nil || f.Code != v1.FailInvalidLayerKind || !strings.Contains(f.Message, "TAPE") {
		t.Errorf("%+v", f)
	}
}

func TestCheckStackKeepsItsArgument(t *testing.T) {
	in := make([]v1.LayerType, 1, 4)
	in[0] = "drbd"
	if _, _, f := CheckStack(in); f != nil || in[0] != "drbd" || in[:2][1] != "" {
		t.Error("the given list was changed", in[:2], f)
	}
}

func TestChooseStack(t *testing.T) {
	a, b, c := layers("STORAGE"), layers("LUKS,STORAGE"), layers("NVME,STORAGE")
	for i, got := range [][]v1.LayerType{ChooseStack(a, b, c, true), ChooseStack(nil, b, c, false), ChooseStack(nil, nil, c, false)} {
		if want := [][]v1.LayerType{a, b, c}[i]; !slices.Equal(got, want) {
			t.Errorf("%d gives %v", i, got)
		}
	}
	if got := JoinLayers(ChooseStack(nil, nil, nil, true), ","); got != "DRBD,LUKS,STORAGE" {
		t.Error(got)
	}
	if got := JoinLayers(ChooseStack(nil, nil, nil, false), ","); got != "DRBD,STORAGE" {
		t.Error(got)
	}
}

func TestMixing(t *testing.T) {
	for pair, want := range map[string]Mixing{
		"LVM LVM": MixFree, "LVM LVM_THIN": MixAllowed, "ZFS ZFS_THIN": MixFree, "LVM_THIN ZFS": MixAllowed, "FILE FILE_THIN": MixFree,
		"FILE LVM": MixNever, "DISKLESS SPDK": MixFree, "SPDK LVM": MixNever, "STORAGE_SPACES ZFS": MixFree, "SPDK SPDK": MixFree,
	} {
		a, b, _ := strings.Cut(pair, " ")
		if Mix(v1.ProviderKind(a), v1.ProviderKind(b)) != want || Mix(v1.ProviderKind(b), v1.ProviderKind(a)) != want {
			t.Errorf("%s is not %d", pair, want)
		}
	}
	mixed := []v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindDiskless, v1.ProviderKindZfs}
	for _, tt := range []struct {
		kinds            []v1.ProviderKind
		allowed, capable bool
		cause            string
	}{
		{mixed, true, true, ""},
		{mixed, false, true, "AllowMixingStoragePoolDriver"},
		{mixed, true, false, "DRBD"},
		{[]v1.ProviderKind{v1.ProviderKindLvm, v1.ProviderKindFile}, true, true, "lay out"},
		{nil, false, false, ""},
	} {
		f := CheckMix(tt.kinds, tt.allowed, tt.capable)
		if (f == nil) != (tt.cause == "") || f != nil && (!strings.Contains(f.Cause, tt.cause) || f.Correction == "") {
			t.Errorf("%v gives %v", tt.kinds, f)
		}
	}
}

func TestDRBDMixes(t *testing.T) {
	for version, want := range map[string]bool{
		"9.1.17": false, "9.1.18": true, "9.2.0": false, "9.2.6": false, "9.2.7": true, "9.2.7-rc.1": true, "9.3.0": true, "10.0.0": true, "8.4.11": false, "9.0.32": false, "": false, "x": false,
	} {
		if DRBDMixes(version) != want {
			t.Errorf("%s is not %v", version, want)
		}
	}
}
