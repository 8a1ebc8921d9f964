package place

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func TestParseMinThinFree(t *testing.T) {
	tests := map[string]MinThinFree{
		"10%": {Percent: 10}, "2.5 %": {Percent: 2.5}, "100": {KiB: 100}, "1k": {KiB: 1}, "1KiB": {KiB: 1},
		"50GB": {KiB: 48828125}, "2 GiB": {KiB: 2 * gib}, "1m": {KiB: 1024}, "1TiB": {KiB: 1024 * gib},
		"3s": {KiB: 2}, "1B": {KiB: 1}, "0": {},
	}
	for text, want := range tests {
		if got, err := ParseMinThinFree(text); err != nil || got != want {
			t.Errorf("%q: %+v %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "101%", "1 PiB", "1e3", "99999999999999999999TiB"} {
		_, err := ParseMinThinFree(text)
		mustFail(t, err, v1.FailInvalidProp)
	}
}

func getter(m map[string]string) func(string) (string, bool) {
	return func(k string) (string, bool) { v, ok := m[k]; return v, ok }
}

func TestRatios(t *testing.T) {
	tests := []struct {
		props       map[string]string
		free, total float64
	}{
		{nil, 20, 20},
		{map[string]string{KeyRatio: "2"}, 2, 2},
		{map[string]string{KeyRatio: "2", KeyRatioFree: "3.5"}, 3.5, 2},
		{map[string]string{KeyRatioTotal: "1"}, 20, 1},
		{map[string]string{KeyRatio: "0"}, 0, 0},
	}
	for _, tt := range tests {
		free, total, err := Ratios(getter(tt.props))
		if err != nil || free != tt.free || total != tt.total {
			t.Errorf("%v: %v %v %v", tt.props, free, total, err)
		}
	}
	for _, bad := range []string{"", "x", "-1", "1001", "NaN"} {
		for _, key := range []string{KeyRatio, KeyRatioFree, KeyRatioTotal} {
			_, _, err := Ratios(getter(map[string]string{key: bad}))
			mustFail(t, err, v1.FailInvalidProp)
		}
	}
}

func TestWeightsFrom(t *testing.T) {
	w, err := WeightsFrom(getter(map[string]string{KeyWeights + "MinReservedSpace": "-0.5"}))
	if err != nil || w != (Weights{MaxFreeSpace: 1, MinReservedSpace: -0.5, MinRscCount: 0.00001}) {
		t.Errorf("%+v %v", w, err)
	}
	_, err = WeightsFrom(getter(map[string]string{KeyWeights + "MaxThroughput": "much"}))
	mustFail(t, err, v1.FailInvalidProp)
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"Aux/site", "Aux/site=a", "=", "a=b=c", " a = b ", "a="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRule("replicas_on_same", s)
		if err != nil {
			mustFail(t, err, v1.FailInvalidRequest)
			return
		}
		if r.Key == "" || !r.HasValue && r.Value != "" {
			t.Fatalf("%q gave %+v", s, r)
		}
		again, err := ParseRule("replicas_on_same", r.String())
		if err != nil || again != r {
			t.Fatalf("%q gave %+v, read again %+v %v", s, r, again, err)
		}
	})
}

func FuzzParseMinThinFree(f *testing.F) {
	f.Add("10%")
	f.Add("50 GiB")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMinThinFree(s)
		if err == nil && (m.KiB < 0 || m.Percent < 0 || m.Percent > 100) {
			t.Fatalf("%q gave %+v", s, m)
		}
	})
}
