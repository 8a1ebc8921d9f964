package name

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseRanges(t *testing.T) {
	for text, want := range map[string]string{
		"7000-7999": "7000-7999", "7000 - 7999": "7000-7999", "7000-7999, 8100": "7000-7999,8100", "8100 7000-7999": "7000-7999,8100",
		"5,4,3": "3-5", "1-3,2-8": "1-8", " 7 ": "7", "007": "7", "1-1": "1", "1\t2": "1-2", "1 -3": "1-3",
	} {
		got, err := ParseRanges(text, 1, 65535)
		if err != nil || got.String() != want {
			t.Errorf("%q gives %q, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"": "no number", " ": "no number", "a": "'a' is where a number", "1-": "missing at the end", "-1": "where a number should be", "1-2-3": "where a comma",
		"2-1": "ends before", "0": "not between", "65536": "not between", "1,": "after the last comma", "1,,2": "where a number", "1;2": "comma should be",
		"99999999999": "too large",
	} {
		if got, err := ParseRanges(text, 1, 65535); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gives %v, %v", text, got, err)
		}
	}
}

func TestLowestFree(t *testing.T) {
	ports := Ranges{{7000, 7002}, {8000, 8000}}
	used := func(taken ...int) func(int) bool {
		return func(n int) bool {
			return slices.Contains(taken, n)
		}
	}
	for _, tt := range []struct {
		used    func(int) bool
		blocked Ranges
		want    int
		ok      bool
	}{
		{nil, nil, 7000, true},
		{used(7000), Ranges{{7001, 7001}}, 7002, true},
		{nil, Ranges{{1, 7999}}, 8000, true},
		{used(8000), Ranges{{1, 7999}}, 0, false},
	} {
		if got, ok := ports.LowestFree(tt.used, tt.blocked); got != tt.want || ok != tt.ok {
			t.Errorf("got %d, %v, want %d", got, ok, tt.want)
		}
	}
}

func drawRanges(t *rapid.T, label string) Ranges {
	one := rapid.Custom(func(t *rapid.T) Range {
		low := rapid.IntRange(1, 60).Draw(t, "low")
		return Range{low, low + rapid.IntRange(0, 9).Draw(t, "more")}
	})
	return rapid.SliceOfN(one, 1, 6).Draw(t, label)
}

// Reading what was written gives the same set, in its simplest form.
func TestRangesAreStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := drawRanges(t, "ranges")
		parsed, err := ParseRanges(raw.String(), 1, 100)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseRanges(parsed.String(), 1, 100)
		if err != nil || cmp.Diff(parsed, again) != "" {
			t.Fatalf("%s gives %s, %v", parsed, again, err)
		}
		members := 0
		for n := range 101 {
			if raw.Contains(n) != parsed.Contains(n) {
				t.Fatalf("%d is lost or found", n)
			}
			if parsed.Contains(n) {
				members++
			}
		}
		if members != parsed.Count() {
			t.Fatalf("%s has %d members, not %d", parsed, members, parsed.Count())
		}
		for i := 1; i < len(parsed); i++ {
			if parsed[i].Min <= parsed[i-1].Max+1 {
				t.Fatalf("%s is not simple", parsed)
			}
		}
	})
}

func TestLowestFreeIsTheLowest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs, blocked := drawRanges(t, "ranges").Simplify(), drawRanges(t, "blocked")
		taken := rapid.MapOf(rapid.IntRange(1, 70), rapid.Just(true)).Draw(t, "taken")
		want, found := 0, false
		for n := 0; n <= 70 && !found; n++ {
			if rs.Contains(n) && !blocked.Contains(n) && !taken[n] {
				want, found = n, true
			}
		}
		got, ok := rs.LowestFree(func(n int) bool { return taken[n] }, blocked)
		if got != want || ok != found {
			t.Fatalf("got %d, %v, want %d, %v", got, ok, want, found)
		}
	})
}

func TestNumbers(t *testing.T) {
	for what, ok := range map[string]bool{
		"volume low": CheckVolumeNumber(0) == nil, "volume high": CheckVolumeNumber(65534) == nil, "volume over": CheckVolumeNumber(65535) != nil,
		"volume under": CheckVolumeNumber(-1) != nil, "minor": CheckMinor(1048575) == nil, "minor over": CheckMinor(1048576) != nil,
		"port": CheckPort(65535) == nil, "port 0": CheckPort(0) != nil, "id": CheckNodeID(31) == nil, "id over": CheckNodeID(32) != nil,
		"slots": CheckPeerSlots(31) == nil, "no slots": CheckPeerSlots(0) != nil,
	} {
		if !ok {
			t.Errorf("%s is wrong", what)
		}
	}
	if f := CheckPort(0); !strings.Contains(f.Cause, "drbd_port") || !strings.Contains(f.Correction, "1 to 65535") {
		t.Error(f)
	}
	if DefaultMinors().Count() != 49000 || DefaultPorts().Count() != 1000 || DefaultShippingPorts().Count() != 1000 {
		t.Error("a default range is wrong")
	}
}

func FuzzParseRanges(f *testing.F) {
	for _, s := range []string{"7000-7999, 8100", "1 - 2", ",", "1--2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseRanges(s, 0, 1<<20)
		if err != nil {
			return
		}
		again, err := ParseRanges(got.String(), 0, 1<<20)
		if err != nil || cmp.Diff(got, again) != "" {
			t.Fatalf("%q gives %q, then %q, %v", s, got, again, err)
		}
	})
}
