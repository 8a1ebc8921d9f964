package drbd_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

// optionFact is an option as the interface facts have it.
type optionFact struct {
	Key    string          `json:"key"`
	Name   string          `json:"drbd_option_name"`
	Type   string          `json:"type"`
	Min    json.RawMessage `json:"min"`
	Values []string        `json:"values"`
}

func optionFacts(t *testing.T) map[string]optionFact {
	t.Helper()
	data, err := os.ReadFile("../../../../shared/facts/data/drbdoptions.json")
	if err != nil {
		t.Skipf("no facts here: %v", err)
	}
	var in struct {
		Properties map[string]optionFact `json:"properties"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		t.Fatal(err)
	}
	return in.Properties
}

var sectionOf = map[string]string{"Handlers": "handlers", "Resource": "options", "Net": "net", "Disk": "disk", "PeerDevice": "peer-device"}

// TestOptionsKnown compares the table with the properties that users can set.
func TestOptionsKnown(t *testing.T) {
	table := drbd.OptionSections()
	for name, f := range optionFacts(t) {
		parts := strings.Split(f.Key, "/")
		got, ok := table[sectionOf[parts[1]]][parts[2]]
		if !ok && !drbd.Reserved(name) {
			t.Errorf("%s is not in the table", f.Key)
		}
		if want := f.Type == "string" || f.Type == "symbol"; ok && got.Quoted != want {
			t.Errorf("%s is quoted: %v, want %v", f.Key, got.Quoted, want)
		}
	}
}

// TestOptionsReal lets drbdadm read each option that its version should know.
func TestOptionsReal(t *testing.T) {
	tools := realTools(t)
	dir := t.TempDir()
	for name, f := range optionFacts(t) {
		if name == "resync-after" { // names another volume, which would have to exist
			continue
		}
		r := threeNodes()
		opts := []drbd.Option{{Name: name, Value: sampleValue(f)}}
		switch strings.Split(f.Key, "/")[1] {
		case "Handlers":
			r.Handlers = opts
		case "Resource":
			r.Options = opts
		case "Net":
			r.Net = opts
		case "Disk":
			r.Nodes[1].VolumeOptions = map[int][]drbd.Option{0: opts}
		case "PeerDevice":
			r.Connections = []drbd.Connection{{A: "alpha", B: "beta", PeerDevice: opts}}
		}
		file := config(t, r, tools)
		if _, why := admDryRun(t, dir, file, r); why != "" {
			t.Errorf("%s: %s", f.Key, why)
		}
		if !strings.Contains(string(file.Text), name) && len(file.Warnings) != 1 {
			t.Errorf("%s is left out without a word", f.Key)
		}
	}
}

// Numbers that older tools refuse are left out, and the user is told.
func TestOptionsTooLarge(t *testing.T) {
	for value, fits := range map[string]bool{"10485760": true, "10M": true, "10485761": false, "11M": false, "128m": false, "20481s": false,
		"20480s": true, "1G": false, "0": true} {
		for tools, want := range map[*drbd.Tools]bool{&debian: fits, &newest: true} {
			r := threeNodes()
			r.Net = []drbd.Option{{Name: "sndbuf-size", Value: value}}
			f := config(t, r, *tools)
			if got := strings.Contains(string(f.Text), "sndbuf-size"); got != want || (len(f.Warnings) == 0) != want {
				t.Errorf("%s for drbd-utils %s: written %v, warnings %q", value, tools.Utils, got, f.Warnings)
			}
		}
	}
}

func sampleValue(f optionFact) string {
	switch f.Type {
	case "boolean":
		return "yes"
	case "symbol":
		return f.Values[0]
	case "numeric-or-symbol":
		return "majority"
	case "range":
		return strings.Trim(string(f.Min), `"`)
	}
	return "abc"
}
