package zfs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// defaultBlock is the volblocksize that is assumed where the user gives none. ZFS
// takes 16 KiB since 2.2 and took 8 KiB before, so multiples fit both.
const defaultBlock = 16 << 10

// createOptions are the user's words for zfs create: the volume's property, else
// the pool's.
func createOptions(pool, volume map[string]string) ([]string, error) {
	line := volume[KeyCreateOptions]
	if line == "" {
		line = pool[KeyCreateOptions]
	}
	words, err := optline.Words(line)
	if err != nil {
		return nil, badProperty(err.Error(), "Mend the quoting of the property.")
	}
	if w := optline.Find(words, "-V", "-n"); w != "" {
		return nil, badProperty(fmt.Sprintf("%s is set by Holdfast itself", w), "Take the option out of the property.")
	}
	for _, w := range words {
		if strings.HasPrefix(strings.TrimPrefix(w, "-o"), "holdfast:") {
			return nil, badProperty(fmt.Sprintf("%s is set by Holdfast itself", w), "Take the option out of the property.")
		}
		if strings.Contains(w, "/") && !strings.HasPrefix(w, "-") && !strings.Contains(w, "=") {
			return nil, badProperty(fmt.Sprintf("%s is one more dataset", w), "Take it out of the property.")
		}
	}
	return words, nil
}

// blockSize is the volblocksize in bytes that new volumes get.
func blockSize(pool, volume map[string]string) (int64, error) {
	words, err := createOptions(pool, volume)
	if err != nil {
		return defaultBlock, err
	}
	size := int64(defaultBlock)
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		var value string
		switch {
		case w == "-b":
			value = next
		case w == "-o":
			value, _ = strings.CutPrefix(next, "volblocksize=")
			if value == next {
				continue
			}
		case strings.HasPrefix(w, "-ovolblocksize="):
			value = strings.TrimPrefix(w, "-ovolblocksize=")
		case strings.HasPrefix(w, "-b"):
			value = w[2:]
		default:
			continue
		}
		n, valid := parseSize(value)
		if !valid || n < 512 || n > 16<<20 || n&(n-1) != 0 {
			return defaultBlock, badProperty(fmt.Sprintf("%q is no volblocksize", value),
				"Use a power of two from 512 to 16M, such as 16K.")
		}
		size = n
	}
	return size, nil
}

// parseSize reads a number with an optional binary suffix.
func parseSize(s string) (int64, bool) {
	s = strings.TrimSuffix(strings.ToUpper(s), "B")
	shift := 0
	for i, suffix := range []string{"K", "M"} {
		if t, found := strings.CutSuffix(s, suffix); found {
			s, shift = t, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(s, 10, 32)
	return n << shift, err == nil && n > 0
}

func badProperty(cause, fix string) error {
	return fault.New(v1.FailInvalidProp, "property %s cannot be used", KeyCreateOptions).Because("%s", cause).Fix("%s", fix)
}
