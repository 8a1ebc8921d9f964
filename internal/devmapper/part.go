package devmapper

import (
	"context"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// PartKiB reads the size of a part: KiB, or a share of the volume with %. It is at
// least leastKiB, in whole MiB. fallback counts where the property is not set; empty
// makes it mandatory.
func PartKiB(props map[string]string, key, fallback string, volumeKiB, leastKiB int64) (int64, error) {
	value := props[key]
	if value == "" {
		value = fallback
	}
	if value == "" {
		return 0, fault.New(v1.FailMissingProps, "The property '%s' is not set.", key).
			Because("the layer needs to know how large the device is to be").
			Fix("Set it, for example with 'controller set-property %s 5%%', or on a resource or volume definition.", key)
	}
	share, percent := strings.CutSuffix(value, "%")
	n, err := strconv.ParseFloat(share, 64)
	kib := n
	if percent {
		kib = math.Ceil(float64(volumeKiB) * n / 100)
	}
	// Not n <= 0: that would let NaN pass.
	if err != nil || !(n > 0) || percent && n > 100 || kib > 1<<50 {
		return 0, BadProperty(key, value, "a size in KiB, such as 1048576, or a share of the volume, such as 5%")
	}
	const mib = 1024
	return (max(int64(kib), leastKiB) + mib - 1) / mib * mib, nil
}

// BadProperty is the fault of a property with a value that cannot be used.
func BadProperty(key, value, right string) *fault.Fault {
	return fault.New(v1.FailInvalidProp, "The property '%s' cannot be used.", key).
		Because("its value is '%s'", value).Fix("Set it to %s.", right)
}

// Whole reads a property that is a whole number; fallback counts where it is not set.
func Whole(props map[string]string, key string, fallback int64) (int64, error) {
	value, set := props[key]
	if !set || value == "" {
		return fallback, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, BadProperty(key, value, "a whole number")
	}
	return n, nil
}

// AlignKiB is a size in whole 4 KiB blocks, rounded up.
func AlignKiB(kib int64) int64 { return (kib + 3) &^ 3 }

// Support finds out whether the node has the tools and the target.
func (k *Kind) Support(ctx context.Context, h run.Host) layer.Support {
	var out layer.Support
	r, err := h.Run(ctx, run.Command("dmsetup", "version"))
	if err != nil || r.ExitCode != 0 || !versionLine.Match(r.Stdout) {
		out.Reasons = append(out.Reasons, "the tool dmsetup cannot be run; install the package dmsetup or device-mapper")
	}
	if why := Module(ctx, h, k.Module); why != "" {
		out.Reasons = append(out.Reasons, why)
	}
	return out
}

var versionLine = regexp.MustCompile(`(?m)^Driver version:\s+\d`)

// Module says why a kernel module cannot be had; empty if it is there or can be loaded.
func Module(ctx context.Context, h run.Host, name string) string {
	if r, err := h.Run(ctx, run.Command("modprobe", "--dry-run", "--quiet", name)); err == nil && r.ExitCode == 0 {
		return ""
	}
	return "the running kernel has no module " + name + "; install the kernel package that has it"
}
