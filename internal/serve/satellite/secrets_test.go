package satellite

import (
	"encoding/json"
	"strings"
	"testing"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

// What is kept on disk holds no passphrase, and what the agent holds still does.
func TestKeptCopyHasNoPassphrases(t *testing.T) {
	held := wire.Set{Resources: []wire.Resource{
		{Name: "plain", Fingerprint: "f1", Volumes: []wire.Volume{{Number: 0}}},
		{Name: "hidden", Fingerprint: "f2", Volumes: []wire.Volume{{Number: 0, LUKS: &wire.LUKS{Passphrase: "hush", Former: "hushed", Mark: "m"}}}},
	}}
	kept := withoutPassphrases(held)
	data, err := json.Marshal(kept)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "hush") {
		t.Errorf("kept: %s", data)
	}
	if l := held.Resources[1].Volumes[0].LUKS; l.Passphrase != "hush" || l.Former != "hushed" || held.Resources[1].Fingerprint != "f2" {
		t.Errorf("the agent's own set was changed: %+v", held)
	}
	if kept.Resources[0].Fingerprint != "f1" || kept.Resources[1].Fingerprint != "" || kept.Resources[1].Volumes[0].LUKS.Mark != "m" {
		t.Errorf("kept: %+v", kept)
	}
}
