package luks

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// complaints are what cryptsetup says, and what it means. The first that fits counts.
var complaints = []struct {
	exit    int
	words   string
	code    v1.Code
	message string
	fix     string
}{
	{cryptNoKey, "", v1.FailInvalidCryptPassphrase, "The volume's passphrase does not open its LUKS device.",
		"Somebody may have changed it by hand; set it to the right one with 'volume-definition modify-passphrase'."},
	{0, "No usable keyslot", v1.FailInvalidCryptPassphrase, "The LUKS header has no key any more.",
		"Restore the header from a backup; or delete the resource on this node and create it again."},
	{0, "still in use", v1.FailInUse, "The encrypted device is in use.", "Unmount it or stop what uses it; it is closed then."},
	{0, "already exists", v1.FailInUse, "A device with the name of the encrypted volume exists already.", "It is looked at again; nothing has to be done."},
	{0, "which is in use", v1.FailInUse, "The device below the encrypted volume is in use.", "Unmount it or stop what uses it."},
	{0, "too small", v1.FailInvalidVolumeSize, "The device is too small for its LUKS header.", "Use a larger volume."},
	{0, "reload ioctl", v1.FailSatelliteDoesNotSupportLayer, "The kernel does not take the encrypted device.",
		"Load the module dm_crypt (modprobe dm_crypt) and look at the kernel's log (dmesg)."},
	{0, "Cannot initialize device-mapper", v1.FailSatelliteDoesNotSupportLayer, "The kernel has no device mapper.", "Load the module dm_mod."},
	{0, "Not enough available memory", v1.FailUnknownError, "The node has too little memory to work with the passphrase.", "Free some memory; the node tries again."},
	{cryptBusy, "", v1.FailInUse, "The encrypted device is in use.", "Unmount it or stop what uses it."},
	{cryptNoDevice, "", v1.FailUnknownError, "The device of the encrypted volume is missing.", "Look at the storage pool; the node tries again."},
}

// Explain implements layer.Explainer. The words of cryptsetup never hold a passphrase.
func (Layer) Explain(c run.Cmd, r run.Result) error {
	if len(c.Argv) == 0 || c.Argv[0] != "cryptsetup" {
		return nil
	}
	said := strings.TrimSpace(string(r.Stderr))
	for _, k := range complaints {
		if k.exit != 0 && k.exit != r.ExitCode || !strings.Contains(said, k.words) {
			continue
		}
		f := fault.New(k.code, "%s", k.message).Fix("%s", k.fix).Detail("%s", c.String())
		if said == "" {
			return f.Because("cryptsetup exited with %d", r.ExitCode)
		}
		return f.Because("cryptsetup said: %s", strings.ReplaceAll(said, "\n", "; "))
	}
	return nil
}
