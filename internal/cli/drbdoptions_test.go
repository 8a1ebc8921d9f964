package cli

import (
	"encoding/json"
	"os"
	"testing"
)

// catalogue is the collected list of DRBD options, if it is at hand.
const catalogue = "../../../shared/facts/data/drbdoptions.json"

func TestDRBDTableIsComplete(t *testing.T) {
	text, err := os.ReadFile(catalogue)
	if err != nil {
		t.Skip("no catalogue of DRBD options here")
	}
	var want struct {
		Objects map[string][]string `json:"objects"`
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, o := range drbdOptions() {
		have[o.Name], have[o.Flag()] = true, true
	}
	for object, names := range want.Objects {
		for _, n := range names {
			if !have[n] {
				t.Errorf("%s: option %s is missing", object, n)
			}
		}
	}
}

func TestDRBDOptionsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range drbdOptions() {
		if seen[o.Flag()] {
			t.Errorf("--%s is there twice", o.Flag())
		}
		seen[o.Flag()] = true
	}
}

func TestDRBDOptionValue(t *testing.T) {
	find := func(name string) DRBDOption {
		for _, o := range drbdOptions() {
			if o.Name == name {
				return o
			}
		}
		t.Fatalf("no option %s", name)
		return DRBDOption{}
	}
	tests := []struct{ name, text, want string }{
		{"max-buffers", "8K", "8192"}, {"max-buffers", "3000", "3000"}, {"sndbuf-size", "1M", "1048576"},
		{"c-max-rate", "102400", "100"}, {"c-max-rate", "4M", "4096"}, {"c-fill-target", "1M", "2048"},
		{"quorum", "majority", "majority"}, {"quorum", "3", "3"}, {"verify-alg", "sha1", "sha1"},
	}
	for _, tt := range tests {
		if got, err := find(tt.name).value(tt.text); err != nil || got != tt.want {
			t.Errorf("%s %s: %q, %v, want %q", tt.name, tt.text, got, err, tt.want)
		}
	}
	for _, bad := range [][2]string{{"max-buffers", "1"}, {"max-buffers", "x"}, {"c-min-rate", "250"}, {"ping-int", "1K"}, {"quorum", "99"}, {"sndbuf-size", "9999999999999T"}} {
		if got, err := find(bad[0]).value(bad[1]); err == nil {
			t.Errorf("%s %s gives %q, want an error", bad[0], bad[1], got)
		}
	}
}
