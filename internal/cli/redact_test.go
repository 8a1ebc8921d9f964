package cli

import (
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	tests := []struct{ path, body, want string }{
		{"/v1/encryption/passphrase", `"hush"`, `"…"`},
		{"/v1/encryption/passphrase", `{"new_passphrase":"hush","old_passphrase":"hush"}`, `{"new_passphrase":"…","old_passphrase":"…"}`},
		{"/v1/resource-definitions/r/volume-definitions", `{"volume_definition":{"size_kib":1},"passphrase":"hush"}`, `{"passphrase":"…","volume_definition":{"size_kib":1}}`},
		{"/v1/resource-groups/g/spawn", `{"volume_passphrases":["hush"]}`, `{"volume_passphrases":"…"}`},
		{"/v1/nodes", `{"name":"passphrase","b":1,"a":2}`, `{"name":"passphrase","b":1,"a":2}`},
	}
	for _, tt := range tests {
		got := redact(tt.path, []byte(tt.body))
		if got != tt.want || strings.Contains(got, "hush") {
			t.Errorf("%s %s: %s, want %s", tt.path, tt.body, got, tt.want)
		}
	}
}
