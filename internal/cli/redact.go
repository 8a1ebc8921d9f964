package cli

import (
	"encoding/json"
	"slices"
	"strings"
)

// redactedWord stands for a secret in what is printed.
const redactedWord = "…"

// secretFields are the fields of requests that hold secrets.
var secretFields = []string{"passphrase", "new_passphrase", "old_passphrase", "volume_passphrases", "secret_key", "access_key"}

// redact hides the secrets of a request's body. One without any stays as it is.
func redact(path string, body []byte) string {
	if strings.HasSuffix(path, "/encryption/passphrase") && len(body) > 0 && body[0] == '"' {
		return `"` + redactedWord + `"`
	}
	hasAny := func(f string) bool { return strings.Contains(string(body), `"`+f+`"`) }
	var v any
	if !slices.ContainsFunc(secretFields, hasAny) || json.Unmarshal(body, &v) != nil || !hide(v) {
		return string(body)
	}
	// What was decoded can be encoded.
	out, _ := json.Marshal(v)
	return string(out)
}

// hide replaces the secrets within a JSON value and tells whether there were any.
func hide(v any) bool {
	found := false
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			found = hide(x) || found
		}
	case map[string]any:
		for k, x := range v {
			switch {
			case !slices.Contains(secretFields, k):
				found = hide(x) || found
			case x != nil && x != "":
				v[k], found = redactedWord, true
			}
		}
	}
	return found
}
