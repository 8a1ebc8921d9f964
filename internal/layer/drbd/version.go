package drbd

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version is a version of DRBD's kernel module or tools; the zero one is unknown.
type Version struct{ Major, Minor, Patch int }

var versionPattern = regexp.MustCompile(`([0-9]{1,3})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?`)

// ParseVersion reads 9.2.18, also with something behind it; a pre-release counts
// as its release.
func ParseVersion(s string) (Version, bool) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil || !strings.HasPrefix(strings.TrimSpace(s), m[0]) {
		return Version{}, false
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(m[i+1])
	}
	return Version{n[0], n[1], n[2]}, true
}

// Known tells whether the version was found out.
func (v Version) Known() bool { return v != Version{} }

// AtLeast compares two versions; an unknown version is older than any other.
func (v Version) AtLeast(o Version) bool {
	if v.Major != o.Major {
		return v.Major > o.Major
	}
	if v.Minor != o.Minor {
		return v.Minor > o.Minor
	}
	return v.Patch >= o.Patch
}

// String is the usual spelling.
func (v Version) String() string {
	if !v.Known() {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
}

// Tools are the versions on a node.
type Tools struct {
	Kernel Version
	Utils  Version
}

// Names of DRBD's parts by which a node tells their versions.
const (
	ModuleName = "drbd"
	UtilsName  = "drbd-utils"
)

// versions are those that are known, by name.
func (t Tools) versions() map[string]string {
	out := map[string]string{}
	for name, v := range map[string]Version{ModuleName: t.Kernel, UtilsName: t.Utils} {
		if v.Known() {
			out[name] = v.String()
		}
	}
	return out
}

// ToolsOf reads the versions that a node has told; what it has not is unknown.
func ToolsOf(versions map[string]string) Tools {
	var t Tools
	t.Kernel, _ = ParseVersion(versions[ModuleName])
	t.Utils, _ = ParseVersion(versions[UtilsName])
	return t
}

// ParseAdmVersion reads the output of drbdadm --version. The kernel's version is
// unknown while the module is not loaded.
func ParseAdmVersion(out string) (Tools, error) {
	var t Tools
	for line := range strings.Lines(out) {
		key, val, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "DRBD_KERNEL_VERSION":
			t.Kernel, _ = ParseVersion(val)
		case "DRBDADM_VERSION":
			t.Utils, _ = ParseVersion(val)
		}
	}
	if !t.Utils.Known() {
		return t, fmt.Errorf("drbdadm --version: no line DRBDADM_VERSION in %q", brief(out))
	}
	return t, nil
}

// ParseProcDRBD reads the module's version from /proc/drbd.
func ParseProcDRBD(text string) (Version, error) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "version:"); ok {
			if v, ok := ParseVersion(strings.TrimSpace(rest)); ok {
				return v, nil
			}
		}
	}
	return Version{}, fmt.Errorf("/proc/drbd: no line with a version in %q", brief(text))
}

// ParseModuleVersion reads /sys/module/drbd/version.
func ParseModuleVersion(text string) (Version, error) {
	v, ok := ParseVersion(strings.TrimSpace(text))
	if !ok {
		return v, fmt.Errorf("/sys/module/drbd/version: no version in %q", brief(text))
	}
	return v, nil
}

// brief keeps a message readable whatever a tool printed.
func brief(s string) string {
	const limit = 120
	s = Redact(s)
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return s
}
