package report

import (
	"errors"
	"testing"
	"time"
)

// TestRestartWithinASecond: two runs that began in the same second keep their
// reports apart.
func TestRestartWithinASecond(t *testing.T) {
	dir := t.TempDir()
	at := time.Unix(1_800_000_000, 0)
	seen := map[string]bool{}
	for range 3 {
		b, err := Open(dir, "host", "Controller", "1", func() time.Time { return at })
		if err != nil {
			t.Fatal(err)
		}
		if len(b.reports) != len(seen) {
			t.Fatalf("%d reports were read, want %d", len(b.reports), len(seen))
		}
		id := b.Add("test", "", errors.New("something"), "")
		if seen[id] {
			t.Fatalf("the id %s was given twice", id)
		}
		seen[id] = true
	}
}
