package drbd

import (
	"encoding/json"
	"fmt"
)

// ParseShowSecrets reads the shared secrets by resource from drbdsetup show
// --json. They are for comparing alone; the caller must not keep or show them. A
// resource without peers has none.
func ParseShowSecrets(data []byte) (map[string]string, error) {
	var in []struct {
		Resource    string `json:"resource"`
		Connections []struct {
			Net struct {
				Secret string `json:"shared-secret"`
			} `json:"net"`
		} `json:"connections"`
	}
	if err := json.Unmarshal(data, &in); err != nil {
		// The text of the error may quote what it stumbled over.
		return nil, fmt.Errorf("drbdsetup show: the output is no JSON of the expected form")
	}
	out := map[string]string{}
	for i := range in {
		for _, c := range in[i].Connections {
			if c.Net.Secret != "" {
				out[in[i].Resource] = c.Net.Secret
			}
		}
	}
	return out, nil
}
