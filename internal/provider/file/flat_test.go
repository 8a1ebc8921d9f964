package file

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// document draws JSON that is nearly what losetup prints or a sidecar holds, with
// something wrong or odd in many of them.
func document(t *rapid.T, keys []string) string {
	values := []string{`"/dev/loop1"`, `"/srv/a b.img"`, `"x\"y"`, `"é"`, `""`, `"7"`, `" 254:0 "`, `"ready"`, `"reserved"`,
		`7`, `0`, `-1`, `007`, `1e3`, `18446744073709551616`, `true`, `false`, `null`, `nul`, `{}`, `[1]`, ``}
	var b strings.Builder
	blank := func() { b.WriteString(rapid.SampledFrom([]string{"", " ", "\n\t"}).Draw(t, "blank")) }
	b.WriteString("{")
	for i := range rapid.IntRange(0, 4).Draw(t, "fields") {
		if i > 0 {
			b.WriteString(",")
		}
		blank()
		b.WriteString(`"` + rapid.SampledFrom(keys).Draw(t, "key") + `"`)
		blank()
		b.WriteString(":")
		blank()
		b.WriteString(rapid.SampledFrom(values).Draw(t, "value"))
		blank()
	}
	b.WriteString(rapid.SampledFrom([]string{"}", "}\n", "", "}}"}).Draw(t, "end"))
	return b.String()
}

// TestPlainIsAsJSON: what is read without encoding/json is what encoding/json reads.
func TestPlainIsAsJSON(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		var list []string
		for range rapid.IntRange(0, 3).Draw(t, "loops") {
			list = append(list, document(t, []string{"name", "back-file", "back-ino", "back-maj:min", "offset", "sizelimit", "autoclear", "ro", "dio", "RO"}))
		}
		text := `{"loopdevices": [` + strings.Join(list, ",") + `]}`
		if got, ok := plainLoops([]byte(text)); ok {
			plain++
			var want struct {
				LoopDevices []loopDevice `json:"loopdevices"`
			}
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatalf("%s is read, but is no JSON: %v", text, err)
			}
			if d := cmp.Diff(want.LoopDevices, got); d != "" {
				t.Fatalf("%s: %s", text, d)
			}
		}
		text = document(t, []string{"uuid", "phase", "size_kib", "UUID", "more"})
		if got, ok := plainSidecar([]byte(text)); ok {
			plain++
			var want sidecar
			if err := json.Unmarshal([]byte(text), &want); err != nil || want != got {
				t.Fatalf("%s: %+v, want %+v, %v", text, got, want, err)
			}
		}
	})
	if plain == 0 {
		t.Error("no document was plain")
	}
}

// TestUsualIsPlain: what losetup prints and what a sidecar holds is read the short way.
func TestUsualIsPlain(t *testing.T) {
	usual, _, _ := strings.Cut(losetupBoth, `,{
         "name": "/dev/loop3"`)
	if got, ok := plainLoops([]byte(usual + "]}")); !ok || len(got) != 2 {
		t.Errorf("losetup's report: %v, %v", got, ok)
	}
	want := sidecar{UUID: "u", Phase: phaseReady, SizeKiB: 4}
	if got, ok := plainSidecar(want.file("/p").Data); !ok || got != want {
		t.Errorf("sidecar: %v, %v", got, ok)
	}
}
