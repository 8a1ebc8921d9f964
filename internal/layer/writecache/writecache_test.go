package writecache

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

func TestTable(t *testing.T) {
	const o = "Writecache/Options/"
	for want, props := range map[string]map[string]string{
		"s /dev/slow /dev/fast 4096 0":                                          nil,
		"s /dev/slow /dev/fast 4096 5 high_watermark 60 low_watermark 20 nofua": {o + "HighWatermark": "60", o + "LowWatermark": "20", o + "Fua": "Off"},
		"s /dev/slow /dev/fast 4096 4 start_sector 8 max_age 1000":              {o + "StartSector": "8", o + "Additional": "max_age 1000"},
		"Writecache/Options/Fua":                                                {o + "Fua": "maybe"},
		"Writecache/Options/WritebackJobs":                                      {o + "WritebackJobs": "many"},
		"Writecache/Options/AutocommitTime":                                     {o + "AutocommitTime": "-1"},
	} {
		got, err := table(&link.Volume{Props: props}, layer.Device{Path: "/dev/slow", Parts: map[string]layer.Device{suffix: {Path: "/dev/fast"}}})
		if f, ok := fault.As(err); ok {
			got = f.Message
		}
		if got != want && !strings.Contains(got, want+"'") {
			t.Errorf("%v: got %q, want %q", props, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	for size, want := range map[string]int64{"1%": 11 << 10, "100%": 1 << 20, "2.5%": 26 << 10, "65536": 64 << 10, "100": 4 << 10} {
		parts, err := New().Parts(nil, &link.Volume{Props: map[string]string{keySize: size}}, 1<<20)
		if err != nil || len(parts) != 1 || parts[0].SizeKiB != want || parts[0].Suffix != ".cache" {
			t.Errorf("%s of 1 GiB: %+v, %v; want %d KiB", size, parts, err, want)
		}
	}
	for _, bad := range []string{"", "0%", "101%", "NaN", "1e99", "-5"} {
		if _, err := New().Parts(nil, &link.Volume{Props: map[string]string{keySize: bad}}, 1<<20); err == nil || !strings.Contains(err.Error(), keySize) {
			t.Errorf("size %q: error %v, want one that names the property", bad, err)
		}
	}
}
