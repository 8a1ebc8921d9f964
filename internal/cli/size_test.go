package cli_test

import (
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/internal/cli"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		text, unit string
		want       int64
	}{
		{"1", "GiB", 1 << 20}, {"128", "KiB", 128}, {"10G", "GiB", 10 << 20}, {"10g", "GiB", 10 << 20}, {"1GB", "GiB", 976563},
		{"1kB", "GiB", 1}, {"1B", "GiB", 1}, {"1S", "GiB", 1}, {"3s", "GiB", 2}, {"2048b", "GiB", 2}, {"5 TiB", "GiB", 5 << 30}, {"1P", "GiB", 1 << 40},
	}
	for _, tt := range tests {
		if got, err := cli.ParseSize(tt.text, tt.unit); err != nil || got != tt.want {
			t.Errorf("ParseSize(%q) = %d, %v, want %d", tt.text, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "G", "-1G", "1.5G", "10X", "99999999999P"} {
		if got, err := cli.ParseSize(bad, "GiB"); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", bad, got)
		}
	}
}

func TestFormatSize(t *testing.T) {
	for size, want := range map[int64]string{0: "0 KiB", 512: "512 KiB", 1024: "1 MiB", 1297: "1.27 MiB", 1536: "1.50 MiB",
		1048576: "1 GiB", 1048577: "1.00 GiB", 1 << 40: "1 PiB", 1 << 52: "4096 PiB", -1: "-1 KiB"} {
		if got := cli.FormatSize(size); got != want {
			t.Errorf("FormatSize(%d) = %q, want %q", size, got, want)
		}
	}
}

func TestSince(t *testing.T) {
	now := time.Date(2026, 5, 2, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"3h": 3 * time.Hour, "1d": 24 * time.Hour, "1d10h": 34 * time.Hour, "5": 5 * time.Hour} {
		if got, err := cli.Since(text, now); err != nil || got != now.Add(-want).UnixMilli() {
			t.Errorf("Since(%q) = %d, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "foo", "1w", "-1d"} {
		if _, err := cli.Since(bad, now); err == nil {
			t.Errorf("Since(%q) is accepted", bad)
		}
	}
}
