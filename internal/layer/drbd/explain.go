package drbd

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// complaints are what DRBD's tools say when something is refused, and what it
// means. The first that fits counts.
var complaints = []struct {
	words   string
	code    v1.Code
	message string
	fix     string
}{
	{"Minor or volume exists already", v1.FailInvalidMinorNumber, "DRBD has a device with this minor number already.",
		"See with drbdsetup status which resource has it; a leftover of a killed process may need a restart of the node."},
	{"held open by someone", v1.FailInUse, "The DRBD device is in use.", "Unmount it or stop what uses it."},
	{"Device size would be truncated", v1.FailInvalidVolumeSize, "The device holds a file system that leaves no space for DRBD's metadata.",
		"Use external metadata (StorPoolNameDrbdMeta), or shrink the file system first."},
	{"That's not enough", v1.FailInvalidVolumeSize, "The device is too small for DRBD's metadata.", "Use a larger volume."},
	{"refused by peer node", v1.FailInUse, "The resource is in use on another node that has no other access to its data.",
		"Unmount it there or stop what uses it, or give another node the data first; the node tries again."},
	{"Need access to UpToDate data", v1.FailInvalidResourceState, "No replica with up-to-date data can be reached.",
		"Bring a node with up-to-date data back."},
	{"not defined in your config", v1.FailInvalidConfig, "The resource file does not fit this host.",
		"Compare the host name that the file has with that of uname -n; it must not change while resources exist."},
	{"Parse error", v1.FailInvalidConfig, "DRBD's tools cannot read the resource file.", "Look at the details: a property may have a value that they do not know."},
	{"ambiguous inheritance", v1.FailInvalidConfig, "DRBD's tools find contradicting values in the resource file.", "Remove common sections from /etc/drbd.d."},
	{"conflicting use of", v1.FailInvalidConfig, "Two resources on this node use the same address or device.", "Look at the details for both."},
	{"No valid meta data found", v1.FailInvalidResourceState, "The lower device has no DRBD metadata.", "Find out who has overwritten it."},
	{"Is the module loaded", v1.FailSatelliteDoesNotSupportLayer, "DRBD's kernel module is not loaded.", "Run modprobe drbd."},
}

// Explain turns a complaint of DRBD's tools into a fault with cause and
// correction. It answers for every failed command, so that what the tools print
// never goes on without Redact.
func Explain(c run.Cmd, r run.Result) error {
	said := Redact(strings.TrimSpace(string(r.Stderr) + "\n" + string(r.Stdout)))
	for _, k := range complaints {
		if strings.Contains(said, k.words) {
			return fault.New(k.code, "%s", k.message).Because("%s said: %s", c.Argv[0], lineWith(said, k.words)).Fix("%s", k.fix).Detail("%s", said)
		}
	}
	return fault.New(v1.FailUnknownError, "%s failed.", c.Argv[0]).Because("exit code %d: %s", r.ExitCode, brief(lastLine(said))).
		Fix("Look at the details and at the kernel's log (dmesg); the node tries again.").Detail("%s", said)
}

func lineWith(text, words string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, words) {
			return brief(strings.TrimSpace(l))
		}
	}
	return words
}

func lastLine(text string) string {
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		return strings.TrimSpace(text[i+1:])
	}
	return text
}
