package arch_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTexts looks through all files of the project for what must not be
// published: paths of somebody's machine, private keys, notes to oneself.
// HOLDFAST_BANNED_WORDS (a list with commas) adds words for one run.
func TestTexts(t *testing.T) {
	// The patterns are put together so that this file does not match itself.
	patterns := map[string]*regexp.Regexp{
		"a path of somebody's machine": regexp.MustCompile(`(^|[^A-Za-z0-9._/<-])/(wor` + `k|tmp/brie` + `f|Use` + `rs)/[A-Za-z.]|/hom` + `e/[a-z]+/`),
		"a private key":                regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE ` + `KEY-----`),
		"a note to oneself":            regexp.MustCompile(`\b(TOD` + `O|FIX` + `ME|XX` + `X)\b`),
		"a conflict of a merge":        regexp.MustCompile(`(?m)^(<<<<<<<|>>>>>>>) `),
	}
	for w := range strings.SplitSeq(os.Getenv("HOLDFAST_BANNED_WORDS"), ",") {
		if w = strings.TrimSpace(w); w != "" {
			patterns["the word "+w] = regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(w) + `\b`)
		}
	}
	names, err := tracked()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(data, 0) >= 0 {
			t.Errorf("%s is a binary file; the project holds sources only", name)
			continue
		}
		for what, re := range patterns {
			if at := re.FindIndex(data); at != nil {
				line := 1 + bytes.Count(data[:at[0]], []byte("\n"))
				t.Errorf("%s:%d: %s: %q", name, line, what, data[at[0]:at[1]])
			}
		}
	}
}

// TestFileSize keeps generated and downloaded things out.
func TestFileSize(t *testing.T) {
	const maxKiB = 512
	names, err := tracked()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Lstat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > maxKiB<<10 {
			t.Errorf("%s has %d KiB, more than %d; build or fetch it instead", name, info.Size()>>10, maxKiB)
		}
	}
}
