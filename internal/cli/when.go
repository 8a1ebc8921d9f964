package cli

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

const dateLayout = "2006-01-02 15:04:05"

// Date shows milliseconds as local time; 0 and less is no date.
func Date(ms int64) string {
	if ms <= 0 {
		return ""
	}
	return time.UnixMilli(ms).Local().Format(dateLayout)
}

var ago = regexp.MustCompile(`^(?:(\d+)d)?\s*(?:(\d+)h?)?$`)

// Since reads how long ago, such as 1d10h or 3h, and gives milliseconds.
func Since(text string, now time.Time) (int64, error) {
	m := ago.FindStringSubmatch(strings.TrimSpace(text))
	if text == "" || m == nil {
		return 0, Usagef("Error: '%s' is not a time ago; write days and hours, such as 1d10h or 3h", text)
	}
	days, err := atoi(m[1])
	if err != nil {
		return 0, Usagef("Error: '%s': too many days", text)
	}
	hours, err := atoi(m[2])
	if err != nil {
		return 0, Usagef("Error: '%s': too many hours", text)
	}
	return now.Add(-time.Duration(days)*24*time.Hour - time.Duration(hours)*time.Hour).Truncate(time.Second).UnixMilli(), nil
}

func atoi(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	return strconv.ParseInt(s, 10, 32)
}

// EndOfDay reads a day and gives its last moment in milliseconds.
func EndOfDay(text string) (int64, error) {
	t, err := time.ParseInLocation("2006-01-02", text, time.Local)
	if err != nil {
		return 0, Usagef("Error: '%s' is not a day; write YYYY-MM-DD", text)
	}
	return t.AddDate(0, 0, 1).Add(-time.Second).UnixMilli(), nil
}

// SinceOrDate reads how long ago, or a date of which the end may be left out.
func SinceOrDate(text string, now time.Time) (int64, error) {
	for _, layout := range []string{dateLayout, "2006-01-02 15:04", "2006-01-02 15", "2006-01-02", "2006-01"} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t.UnixMilli(), nil
		}
	}
	return Since(text, now)
}
