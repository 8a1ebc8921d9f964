package luks

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
)

// Properties that the layer goes by.
const (
	keyDiscards = "Luks/AllowDiscards"
	keyFormat   = "StorDriver/LuksFormatOptions"
	keyOpen     = "StorDriver/LuksOpenOptions"
)

// Sizes of the header of LUKS2, in bytes.
const (
	defaultHeader   = 16 << 20
	defaultMetadata = 16 << 10
	alignment       = 1 << 20
)

// format are the options of luksFormat with what follows from them.
type format struct {
	words     []string
	headerKiB int64
}

// formatOptions reads the user's options for luksFormat. Where they leave the size
// of the header open it is fixed here, so that it is the same on all nodes whatever
// their disks prefer.
func formatOptions(props map[string]string) (format, error) {
	words, err := userWords(props, keyFormat, "--header", "--key-file", "-d", "--type", "-M", "--uuid", "--label", "--subsystem",
		"--volume-key-file", "--master-key-file", "--integrity", "--align-payload", "--keyfile-size", "-l", "--keyfile-offset",
		"--new-keyfile-size", "--verify-passphrase", "-y", "--batch-mode", "-q")
	if err != nil {
		return format{}, err
	}
	var fixed []string
	if optline.Find(words, "--pbkdf", "--pbkdf-memory") == "" {
		// More would fail on nodes with little memory.
		fixed = append(fixed, "--pbkdf-memory", "262144")
	}
	bytes, given, err := headerBytes(words)
	if err != nil {
		return format{}, err
	}
	if !given {
		fixed = append(fixed, "--offset", strconv.Itoa(defaultHeader/512))
	}
	return format{words: append(fixed, words...), headerKiB: bytes / 1024}, nil
}

// headerBytes is where the data begins by the user's options; given tells whether
// they say anything about it.
func headerBytes(words []string) (bytes int64, given bool, err error) {
	read := func(unit int64, names ...string) int64 {
		value, found := valueOf(words, names...)
		if !found {
			return 0
		}
		given = true
		n, good := parseSize(value)
		if !good || n <= 0 {
			err = badOption(keyFormat, names[0]+" needs a size, not '"+value+"'", "Give a number with K, M or G, or leave it out.")
		}
		return n * unit
	}
	offset := read(512, "--offset", "-o")
	metadata, slots := read(1, "--luks2-metadata-size"), read(1, "--luks2-keyslots-size")
	switch {
	case err != nil:
		return 0, false, err
	case offset > 0:
		return offset, true, nil
	case metadata+slots == 0:
		return defaultHeader, given, nil
	}
	if metadata == 0 {
		metadata = defaultMetadata
	}
	if slots == 0 {
		return max(defaultHeader, 2*metadata), given, nil
	}
	return (2*metadata + slots + alignment - 1) / alignment * alignment, given, nil
}

// openOptions are the words for opening a container, and whether discards pass.
func openOptions(props map[string]string) (words []string, discards bool, err error) {
	words, err = userWords(props, keyOpen, "--header", "--key-file", "-d", "--type", "-M", "--test-passphrase", "--volume-key-file",
		"--master-key-file", "--size", "-b", "--offset", "-o", "--skip", "-p", "--shared", "--keyfile-size", "-l", "--keyfile-offset",
		"--readonly", "-r", "--token-id", "--token-only", "--tries", "-T", "--persistent")
	if err != nil {
		return nil, false, err
	}
	discards = optline.Find(words, "--allow-discards") != ""
	if !discards && strings.EqualFold(props[keyDiscards], "true") {
		words, discards = append([]string{"--allow-discards"}, words...), true
	}
	return words, discards, nil
}

// userWords reads a property with options; those that would make another device, or
// take the key from elsewhere, cannot be used.
func userWords(props map[string]string, key string, taken ...string) ([]string, error) {
	words, err := optline.Words(props[key])
	if err != nil {
		return nil, badOption(key, err.Error(), "Correct the quotes.")
	}
	if w := optline.Find(words, taken...); w != "" {
		return nil, badOption(key, "option "+w+" is Holdfast's own or would make another kind of device", "Leave it out.")
	}
	return words, nil
}

func badOption(key, why, fix string) *fault.Fault {
	return fault.New(v1.FailInvalidProp, "The property '%s' cannot be used.", key).Because("%s", why).Fix("%s", fix)
}

// valueOf finds the value of an option: "--x=v", "--x v" or "-xv".
func valueOf(words []string, names ...string) (string, bool) {
	for i, w := range words {
		for _, n := range names {
			if optline.Find([]string{w}, n) == "" {
				continue
			}
			if v, ok := strings.CutPrefix(w, n); ok && !strings.HasPrefix(n, "--") && v != "" {
				return v, true
			}
			if _, v, ok := strings.Cut(w, "="); ok {
				return v, true
			}
			if i+1 < len(words) {
				return words[i+1], true
			}
			return "", true
		}
	}
	return "", false
}

// parseSize reads a number of bytes with an optional binary unit.
func parseSize(s string) (int64, bool) {
	s = strings.TrimSuffix(strings.ToLower(s), "ib")
	unit := int64(1)
	if n := len(s); n > 0 {
		if i := strings.IndexByte("kmg", s[n-1]); i >= 0 {
			s, unit = s[:n-1], 1024<<(10*i)
		}
	}
	n, err := strconv.ParseInt(s, 10, 42)
	return n * unit, err == nil
}
