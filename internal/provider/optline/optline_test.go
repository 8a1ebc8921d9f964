package optline_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

func TestWords(t *testing.T) {
	for _, tc := range []struct {
		line string
		want []string
		err  string
	}{
		{line: ""},
		{line: " \t "},
		{line: "--type raid1  -m 1", want: []string{"--type", "raid1", "-m", "1"}},
		{line: `--select 'pv_free > 10g' -x`, want: []string{"--select", "pv_free > 10g", "-x"}},
		{line: `-S "vg_name=\"a b\""`, want: []string{"-S", `vg_name="a b"`}},
		{line: `a\ b ''`, want: []string{"a b", ""}},
		{line: `$(reboot) ; rm *`, want: []string{"$(reboot)", ";", "rm", "*"}},
		{line: `-x 'open`, err: "the quote at character 4 is not closed"},
		{line: `x\`, err: "the line ends with a backslash"},
		{line: "a\nb", err: "character 2 is a line break or NUL"},
	} {
		got, err := optline.Words(tc.line)
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("Words(%q): %s", tc.line, d)
		}
		if (err != nil) != (tc.err != "") || err != nil && err.Error() != tc.err {
			t.Errorf("Words(%q): error %v, want %q", tc.line, err, tc.err)
		}
	}
}

func TestFind(t *testing.T) {
	words := []string{"-W", "n", "-Ly", "--siz=3", "--config"}
	for option, want := range map[string]string{
		"-L": "-Ly", "-W": "-W", "-n": "", "--size": "--siz=3", "--config": "--config",
		"--conf": "", "--yes": "",
	} {
		if got := optline.Find(words, option); got != want {
			t.Errorf("Find(%s) = %q, want %q", option, got, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add(`--type raid1 'a b' "c\"d" e\ f`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := optline.Words(line)
		if err != nil {
			return
		}
		for _, w := range words {
			if strings.ContainsAny(w, "\n\r\x00") {
				t.Fatalf("word %q of %q has a line break", w, line)
			}
		}
		if len(words) == 0 && strings.Trim(line, " \t") != "" {
			t.Fatalf("no words in %q", line)
		}
	})
}
