package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func TestMasterPassphrase(t *testing.T) {
	run(t, 0, func(e *env) {
		const path = "/v1/encryption/passphrase"
		status := func(want string) {
			t.Helper()
			var got v1.PassphraseStatus
			if err := json.Unmarshal(e.ok("GET", path, "").body, &got); err != nil || got.Status != want {
				t.Errorf("status %q, %v, want %q", got.Status, err, want)
			}
		}
		refused := func(method, body string, code v1.Code) {
			t.Helper()
			r := e.send(method, path, body)
			if got := r.first(); r.status != 500 || got.RetCode.Number() != code.Number() || got.Cause == "" || got.Correction == "" {
				t.Errorf("%s answered %d %+v", r.what, r.status, got)
			}
			if strings.Contains(string(r.body), "hush") {
				t.Errorf("a passphrase shows in %s", r.body)
			}
		}
		status("unset")
		refused("PATCH", `"hush"`, v1.FailMissingProps)
		refused("PUT", `{"new_passphrase":"hush","old_passphrase":"hush"}`, v1.FailExistsCryptPassphrase)
		refused("POST", `{}`, v1.FailInvalidCryptPassphrase)
		refused("POST", `{"new_passphrase":"hush\nhush"}`, v1.FailInvalidCryptPassphrase)
		e.ok("POST", path, `{"new_passphrase":"hush"}`)
		status("unlocked")
		refused("POST", `{"new_passphrase":"hush"}`, v1.FailExistsCryptPassphrase)
		refused("PUT", `{"new_passphrase":"hush2","old_passphrase":"hushed"}`, v1.FailMissingProps)
		e.ok("PUT", path, `{"new_passphrase":"hush2","old_passphrase":"hush"}`)
		e.StopController()
		e.StartController()
		status("locked")
		refused("PATCH", `"hush"`, v1.FailMissingProps)
		status("locked")
		// Changing properties, and restarting, keeps the master key.
		e.ok("POST", "/v1/controller/properties", `{"override_props":{"Aux/x":"y"}}`)
		if got := e.ok("PATCH", path, `"hush2"`).first(); got.RetCode.Number() != v1.PassphraseAccepted.Number() {
			t.Errorf("accepted with %+v", got)
		}
		status("unlocked")
		for _, p := range []string{"/v1/controller/properties", "/v1/journal", "/v1/error-reports", "/v1/controller/config"} {
			if body := string(e.ok("GET", p, "").body); strings.Contains(body, "hush") || strings.Contains(strings.ToLower(body), "masterkey") {
				t.Errorf("%s shows a secret: %s", p, body)
			}
		}
	})
}

// Without the master passphrase nothing that is to be encrypted is made.
func TestEncryptedNeedsMasterPassphrase(t *testing.T) {
	run(t, 1, func(e *env) {
		e.ok("POST", "/v1/resource-definitions", `{"resource_definition":{"name":"rr"}}`)
		const vd = "/v1/resource-definitions/rr/volume-definitions"
		for _, body := range []string{`{"volume_definition":{"size_kib":65536},"passphrase":"hush"}`,
			`{"volume_definition":{"size_kib":65536,"flags":["ENCRYPTED"]}}`,
			`{"volume_definition":{"size_kib":65536,"props":{"Encryption/Passphrase":"hush"}}}`} {
			if r := e.send("POST", vd, body); r.first().RetCode.Number() != v1.FailNotFoundCryptKey.Number() || strings.Contains(string(r.body), "hush") {
				t.Errorf("%s answered %d %s", r.what, r.status, r.body)
			}
		}
		e.ok("POST", "/v1/encryption/passphrase", `{"new_passphrase":"hush"}`)
		e.ok("POST", vd, `{"volume_definition":{"size_kib":65536},"passphrase":"hushhush"}`)
		if body := string(e.ok("GET", vd, "").body); strings.Contains(body, "Passphrase") {
			t.Errorf("the passphrase shows: %s", body)
		}
		if r := e.send("PUT", vd+"/0", `{"override_props":{"Encryption/Passphrase":"hush"}}`); r.first().RetCode.Number() != v1.FailInvalidProp.Number() {
			t.Errorf("%s answered %s", r.what, r.body)
		}
		if r := e.send("PUT", vd+"/0/encryption-passphrase", `{"new_passphrase":"hush"}`); r.first().RetCode.Number() != v1.FailInvalidLayerStack.Number() {
			t.Errorf("%s answered %s", r.what, r.body)
		}
		// It is never made in clear.
		r := e.send("POST", "/v1/resource-definitions/rr/resources", `[{"resource":{"node_name":"n1","props":{"StorPoolName":"pool"}},"layer_list":["STORAGE"]}]`)
		if r.first().RetCode.Number() != v1.FailInvalidLayerStack.Number() {
			t.Errorf("%s answered %s", r.what, r.body)
		}
	})
}
