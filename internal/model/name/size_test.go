package name

import (
	"math/big"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"10G": 10 << 20, "512MiB": 512 << 10, "4096KiB": 4096, "1": 1 << 20, "1B": 1, "1024b": 1, "1025B": 2, "3s": 2, "1kB": 1, "1MB": 977,
		"1 TiB": 1 << 30, "2pb": 1953125000000, " 7k ": 7, "0": 0,
	} {
		if got, err := ParseSizeKiB(text, "GiB"); err != nil || got != want {
			t.Errorf("%q gives %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "G", "-1G", "1.5G", "1X", "1GiBB", "99999999999999999999", "9223372036854775807P"} {
		if got, err := ParseSizeKiB(text, "GiB"); err == nil || !strings.Contains(err.Error(), "'") {
			t.Errorf("%q gives %d, %v", text, got, err)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for kib, want := range map[int64]string{0: "0 KiB", 1023: "1023 KiB", 1024: "1 MiB", 1536: "1.50 MiB", 10 << 20: "10 GiB", 1 << 50: "1024 PiB"} {
		if got := FormatKiB(kib); got != want {
			t.Errorf("%d gives %s, want %s", kib, got, want)
		}
	}
}

// Sizes are rounded up to whole KiB, however large the number.
func TestParseSizeRoundsUp(t *testing.T) {
	units := map[string]int64{"B": 1, "S": 512, "kB": 1000, "K": 1024, "GB": 1e9, "PiB": 1 << 50}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64().Draw(t, "n")
		unit := rapid.SampledFrom([]string{"B", "S", "kB", "K", "GB", "PiB"}).Draw(t, "unit")
		want := new(big.Int).Mul(new(big.Int).SetUint64(n), big.NewInt(units[unit]))
		want.Add(want, big.NewInt(1023)).Rsh(want, 10)
		got, err := ParseSizeKiB(strconv.FormatUint(n, 10)+unit, "B")
		if !want.IsInt64() {
			if err == nil {
				t.Fatalf("%d%s gives %d", n, unit, got)
			}
			return
		}
		if err != nil || got != want.Int64() {
			t.Fatalf("%d%s gives %d, %v, want %s", n, unit, got, err, want)
		}
	})
}

func TestVolumeSizes(t *testing.T) {
	for _, tt := range []struct {
		kib      int64
		drbd, ok bool
	}{
		{0, false, false}, {-1, true, false}, {1, false, true}, {3, true, false}, {4, true, true}, {1 << 40, true, true}, {1<<40 + 1, true, false}, {1<<40 + 1, false, true},
	} {
		if f := CheckVolumeSizeKiB(tt.kib, tt.drbd); (f == nil) != tt.ok {
			t.Errorf("%d, %v: %v", tt.kib, tt.drbd, f)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	f.Add("10G")
	f.Add("1 PiB")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := ParseSizeKiB(s, "KiB"); err == nil {
			if again, err := ParseSizeKiB(strconv.FormatInt(got, 10)+"KiB", "GiB"); err != nil || again != got {
				t.Fatalf("%q gives %d, then %d, %v", s, got, again, err)
			}
		}
	})
}
