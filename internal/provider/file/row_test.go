package file

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzRow: whatever the quick readers understand, they understand as encoding/json does.
func FuzzRow(f *testing.F) {
	f.Add([]byte(losetupBoth))
	f.Add(sidecar{UUID: "u", Phase: phaseReady, SizeKiB: 4}.file("x").Data)
	for _, odd := range []string{"", "{}", `{"loopdevices":[]}`, `{"loopdevices":[{}]}`, `{"loopdevices":[{},]}`, `{"loopdevices":[{"ro":true,"ro":null}]}`,
		`{"loopdevices":[{"name":"\u0041"}]}`, `{"loopdevices":[{"name":"é"}]}`, `{"loopdevices":[{"offset":01}]}`, `{"loopdevices":[{"offset":" 7 "}]}`,
		`{"loopdevices":[{"NAME":"x"}]}`, `{"loopdevices":[{"name":7}]}`, `{"loopdevices":[]} x`, `{"loopdevices":[],"more":1}`,
		`{"uuid":"u","phase":"ready","size_kib":-4}`, `{"uuid":"u","uuid":null}`, `{"size_kib":"4"}`, `{"size_kib":4.0}`, `{"uuid":"u",}`, `{"uuid" "u"}`} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var report struct {
			LoopDevices []loopDevice `json:"loopdevices"`
		}
		if got, ok := plainLoops(data); ok {
			err := json.Unmarshal(data, &report)
			if d := cmp.Diff(report.LoopDevices, got); err != nil || d != "" {
				t.Errorf("loop devices of %q: %v, %s", data, err, d)
			}
		}
		if got, ok := plainSidecar(data); ok {
			if want, err := anySidecar(data); err != nil || got != want {
				t.Errorf("sidecar %q is %v, want %v, %v", data, got, want, err)
			}
		}
	})
}

// TestRowReadsWhatIsUsual: the quick readers do understand what losetup prints and what
// sidecars hold, or they would be of no use.
func TestRowReadsWhatIsUsual(t *testing.T) {
	if loops, ok := plainLoops([]byte(losetupBoth)); !ok || len(loops) != 3 {
		t.Errorf("loop devices: %v, %v", loops, ok)
	}
	want := sidecar{UUID: "u", Phase: phaseReady, SizeKiB: 4}
	data := want.file("x").Data
	if got, ok := plainSidecar(data); !ok || got != want || !bytes.HasSuffix(data, []byte("\n")) {
		t.Errorf("sidecar %q is %v", data, got)
	}
}
