package devmapper

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// complaints are what dmsetup says when the kernel refuses something.
var complaints = []struct {
	words   string
	code    v1.Code
	message string
	fix     string
}{
	{"Device or resource busy", v1.FailInUse, "The cached device or one of the devices below it is in use.", "Unmount it or stop what uses it."},
	{"unknown target type", v1.FailSatelliteDoesNotSupportLayer, "The kernel does not know the cache's target.", "Load its module (modprobe), or install the kernel package that has it."},
	{"Invalid argument", v1.FailInvalidProp, "The kernel refuses the options of the cache.", "Look at the kernel's log (dmesg) for the reason, and at the properties of the cache."},
	{"No space left", v1.FailNotEnoughFreeSpace, "The device for the cache's metadata is too small.", "Set a larger size for it."},
	{"Input/output error", v1.FailUnknownError, "A device below the cache cannot be read or written.", "Look at the kernel's log (dmesg)."},
}

// Explain turns a complaint of dmsetup into a fault; nil where it means nothing.
func (k *Kind) Explain(c run.Cmd, r run.Result) error {
	if c.Argv[0] != "dmsetup" {
		return nil
	}
	said := strings.TrimSpace(string(r.Stderr))
	for _, known := range complaints {
		if strings.Contains(said, known.words) {
			return fault.New(known.code, "%s", known.message).Because("dmsetup said: %s", strings.ReplaceAll(said, "\n", "; ")).Fix("%s", known.fix)
		}
	}
	return nil
}
