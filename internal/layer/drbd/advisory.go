package drbd

import "fmt"

// Advisory is a reason not to trust a version.
type Advisory struct {
	// ID is stable, for suppressing it and for finding it in documents.
	ID string
	// Blocking ones make the layer unusable; others are warnings.
	Blocking bool
	Text     string
	Fix      string
}

var (
	firstModule   = Version{9, 0, 0}
	firstQuorum   = Version{9, 0, 18}
	firstSound92  = Version{9, 2, 19}
	firstSound93  = Version{9, 3, 3}
	branch93      = Version{9, 3, 0}
	firstUtils    = Version{9, 0, 0}
	fixedIncoming = "Update the module to 9.2.19, 9.3.3 or newer; until then avoid diskless primaries, and verify replicas regularly."
)

// Advisories says what is known against the versions of a node.
func Advisories(t Tools) []Advisory {
	var out []Advisory
	add := func(id string, blocking bool, fix, format string, args ...any) {
		out = append(out, Advisory{ID: id, Blocking: blocking, Text: fmt.Sprintf(format, args...), Fix: fix})
	}
	switch k := t.Kernel; {
	case !k.Known():
		add("module-missing", true, "Install DRBD 9 for this kernel, and load it with modprobe drbd.", "The DRBD kernel module is not loaded.")
	case !k.AtLeast(firstModule):
		add("module-old", true, "Install DRBD 9 for this kernel; the module of the plain kernel is DRBD 8.",
			"The DRBD kernel module is %s; resources need DRBD 9.", k)
	default:
		if !k.AtLeast(firstQuorum) {
			add("module-no-quorum", false, "Update the module to 9.0.18 or newer.",
				"The DRBD kernel module %s has no usable quorum, so none is set for resources on this node.", k)
		}
		if diverges(k) {
			add("module-divergence", false, fixedIncoming,
				"With the DRBD kernel module %s replicas can silently come to differ after a loss of connection, above all when a diskless node is primary.", k)
		}
	}
	if !t.Utils.Known() {
		add("utils-missing", true, "Install the package drbd-utils.", "DRBD's tools are not installed.")
	} else if !t.Utils.AtLeast(firstUtils) {
		add("utils-old", true, "Install drbd-utils 9 or newer.", "DRBD's tools are %s; resources need version 9.", t.Utils)
	}
	return out
}

// diverges tells whether a module is one of those with the divergence of data
// that 9.2.19 and 9.3.3 mend.
func diverges(k Version) bool {
	if k.AtLeast(branch93) {
		return !k.AtLeast(firstSound93)
	}
	return !k.AtLeast(firstSound92)
}
