package name

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Limits of volume sizes.
const (
	MinVolumeKiB     = 1
	MinDRBDVolumeKiB = 4
	MaxDRBDVolumeKiB = 1 << 40
)

// unitBytes gives the bytes of a unit of sizes on input; K, M, G, T and P alone are
// binary.
func unitBytes(unit string) (uint64, bool) {
	switch strings.ToUpper(unit) {
	case "B":
		return 1, true
	case "S":
		return 512, true
	case "K", "KIB":
		return 1 << 10, true
	case "KB":
		return 1e3, true
	case "M", "MIB":
		return 1 << 20, true
	case "MB":
		return 1e6, true
	case "G", "GIB":
		return 1 << 30, true
	case "GB":
		return 1e9, true
	case "T", "TIB":
		return 1 << 40, true
	case "TB":
		return 1e12, true
	case "P", "PIB":
		return 1 << 50, true
	case "PB":
		return 1e15, true
	}
	return 0, false
}

// ParseSizeKiB reads a size such as 10G or 512MiB and gives KiB, rounded up.
// defaultUnit is used where the text has no unit.
func ParseSizeKiB(text, defaultUnit string) (int64, error) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(c rune) bool { return !isDigit(c) })
	if end < 0 {
		end = len(text)
	}
	if end == 0 {
		return 0, fmt.Errorf("'%s' is not a size: write a whole number with a unit, such as 500M or 10GiB", shown(text))
	}
	unit := strings.TrimSpace(text[end:])
	if unit == "" {
		unit = defaultUnit
	}
	per, ok := unitBytes(unit)
	if !ok {
		return 0, fmt.Errorf("'%s' is not a unit of size: use B, S, K, kB, KiB, M, MB, MiB, G, GB, GiB, T, TB, TiB, P, PB or PiB", shown(unit))
	}
	n, err := strconv.ParseUint(text[:end], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("'%s' is too large", shown(text))
	}
	high, low := bits.Mul64(n, per)
	low, carry := bits.Add64(low, 1023, 0)
	high += carry
	kib := high<<54 | low>>10
	if high>>10 != 0 || kib > math.MaxInt64 {
		return 0, fmt.Errorf("'%s' is too large", shown(text))
	}
	return int64(kib), nil
}

// FormatKiB is a size for people: a whole number where it is exact in its unit,
// else two decimals.
func FormatKiB(kib int64) string {
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB"}
	unit, per := 0, int64(1)
	for unit < len(units)-1 && kib/per >= 1024 {
		unit, per = unit+1, per*1024
	}
	if kib%per == 0 {
		return fmt.Sprintf("%d %s", kib/per, units[unit])
	}
	return fmt.Sprintf("%.2f %s", float64(kib)/float64(per), units[unit])
}

// CheckVolumeSizeKiB checks the usable size of a volume.
func CheckVolumeSizeKiB(kib int64, drbd bool) *fault.Fault {
	switch {
	case kib < MinVolumeKiB:
		return fault.New(v1.FailInvalidVolumeSize, "%d KiB is not a valid volume size.", kib).
			Because("field 'size_kib': it is not positive").Fix("Use at least 1 KiB, or 4 KiB with DRBD.")
	case drbd && kib < MinDRBDVolumeKiB:
		return fault.New(v1.FailInvalidVolumeSize, "%d KiB is too small for a volume with DRBD.", kib).
			Because("field 'size_kib': DRBD needs at least 4 KiB").Fix("Use at least 4 KiB.")
	case drbd && kib > MaxDRBDVolumeKiB:
		return fault.New(v1.FailInvalidVolumeSize, "%s is too large for a volume with DRBD.", FormatKiB(kib)).
			Because("field 'size_kib': DRBD handles at most 1 PiB (%d KiB)", int64(MaxDRBDVolumeKiB)).
			Fix("Use a smaller size, or several volumes.")
	}
	return nil
}
