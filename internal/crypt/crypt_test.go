package crypt_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/holdfast-storage/holdfast/internal/crypt"
	"github.com/holdfast-storage/holdfast/test/fixed"
)

func TestMain(m *testing.M) { fixed.Cases(m) }

// counted is randomness that is known: each call counts on from another start.
func counted(starts ...byte) crypt.Random {
	return func(n int) []byte {
		out := make([]byte, n)
		for i := range out {
			out[i] = starts[0] + byte(i)
		}
		starts = starts[1:]
		return out
	}
}

// The answers were made with Python's hashlib and the openssl program.
const (
	knownHash = "4lrhJXladVmbbkN4nAPoL+D6xUNviE/7RLolZFcf4vtZcSFjUh3KN7ReDRjgv20Gphrtb1YAJJOOBCPdLxz8gA=="
	knownSalt = "AAECAwQFBgcICQoLDA0ODw=="
)

func TestKnownRecords(t *testing.T) {
	for passphrase, wrapped := range map[string]string{
		"example":  "ZGVmZ2hpamtsbW5vcHFyc073J9JqEeM/yumWJ3uu6XTpCJu6WuAEvIY7umd+6l1x",
		"pässwörd": "ZGVmZ2hpamtsbW5vcHFycxqd8wG7VM0pNEOCrsUUiSJuFLJHVOmdqSzY2Mg/Xq8l",
	} {
		want := crypt.Record{Hash: knownHash, Key: wrapped, Salt: knownSalt}
		// The key itself, the salt, what hides the length, the start of the cipher.
		k, got, err := crypt.New(passphrase, counted(200, 0, 50, 100))
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", passphrase, got, err, want)
		}
		const sealed = "ZGVmZ2hpamtsbW5vcHFyczB32svVKa8tRM88J0eGaG2W+LXo1M4VwwTZh2jOGIllvYfxD8MWp2sAj7Uw31cG3KppfpeoLLme6UnAvzJca5w="
		const secret = "volume secret, longer than one chunk of 32"
		if got, err := k.Encrypt(secret, counted(50, 100)); err != nil || got != sealed {
			t.Errorf("encrypted %s, %v", got, err)
		}
		again, err := crypt.Unlock(want, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.Decrypt(sealed); err != nil || got != secret {
			t.Errorf("decrypted %q, %v", got, err)
		}
	}
}

func TestWrongAndDamaged(t *testing.T) {
	_, good, err := crypt.New("example", counted(200, 0, 50, 100))
	if err != nil {
		t.Fatal(err)
	}
	short, bad := good, good
	short.Key, bad.Salt = "AAAA", "?"
	tests := []struct {
		name       string
		record     crypt.Record
		passphrase string
		want       error
	}{
		{"wrong", good, "examplf", crypt.ErrWrong}, {"empty", good, "", crypt.ErrWrong}, {"short", short, "example", crypt.ErrCorrupt},
		{"no base64", bad, "example", crypt.ErrCorrupt}, {"no record", crypt.Record{}, "example", crypt.ErrCorrupt},
	}
	for _, tt := range tests {
		if _, err := crypt.Unlock(tt.record, tt.passphrase); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	k, err := crypt.Unlock(good, "example")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"", "?", "AAAA", knownSalt} {
		if _, err := k.Decrypt(s); !errors.Is(err, crypt.ErrCorrupt) {
			t.Errorf("decrypting %q: %v", s, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := func(n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "random") }
		passphrase := rapid.String().Draw(t, "passphrase")
		k, r, err := crypt.New(passphrase, random)
		if err != nil {
			t.Fatal(err)
		}
		secret := rapid.String().Draw(t, "secret")
		sealed, err := k.Encrypt(secret, random)
		if err != nil {
			t.Fatal(err)
		}
		if len(secret) > 3 && strings.Contains(sealed, secret) {
			t.Fatalf("%q shows in %q", secret, sealed)
		}
		if k, err = crypt.Unlock(r, passphrase); err != nil {
			t.Fatal(err)
		}
		// Another passphrase wraps the same key.
		if r, err = k.Wrap(passphrase+"x", random); err != nil {
			t.Fatal(err)
		}
		if k, err = crypt.Unlock(r, passphrase+"x"); err != nil {
			t.Fatal(err)
		}
		if got, err := k.Decrypt(sealed); err != nil || got != secret {
			t.Fatalf("%q became %q, %v", secret, got, err)
		}
	})
}

// A key shows in no text, whoever writes it.
func TestKeyIsRedacted(t *testing.T) {
	k, _, err := crypt.New("example", func(n int) []byte { return []byte(strings.Repeat("A", n)) })
	if err != nil {
		t.Fatal(err)
	}
	js, err := json.Marshal(map[string]any{"key": k, "pointer": &k})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "k", k, "p", &k)
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "k", k, "p", &k)
	type holder struct{ inner crypt.Key }
	text := string(js) + log.String() + fmt.Sprintf("%v %+v %#v %s %x %d %q %v %+v %#v", k, k, k, k, k, k, k, &k, holder{k}, holder{k})
	for _, shown := range []string{"AAAA", "4141", "65 65"} {
		if strings.Contains(text, shown) {
			t.Errorf("the key shows in %s", text)
		}
	}
}
