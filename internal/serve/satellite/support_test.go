package satellite

import (
	"context"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// crypto is a host of which only /proc/crypto is read.
type crypto struct {
	run.Host
	text string
}

func (c crypto) ReadFile(context.Context, string) ([]byte, error) { return []byte(c.text), nil }

// TestHashes: ciphers are left out, algorithms are known by both their names.
func TestHashes(t *testing.T) {
	text := "name         : crct10dif\ndriver       : crct10dif-pclmul\ntype         : shash\n\n" +
		"name         : cbc(aes)\ndriver       : cbc-aes-aesni\ntype         : skcipher\n\n" +
		"name         : sha256\ndriver       : sha256-generic\ntype         : shash\n"
	got := hashes(t.Context(), crypto{text: text})
	if want := []string{"crct10dif", "crct10dif-pclmul", "sha256", "sha256-generic"}; !slices.Equal(got, want) {
		t.Errorf("hash algorithms are %v, want %v", got, want)
	}
}
