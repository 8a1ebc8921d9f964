package place

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// KeyMinThinFree is the property for MinThinFree; storage pool before node before
// controller.
const KeyMinThinFree = "Autoplacer/MinThinFreeSpace"

// MinThinFree is the free space below which a thin pool is not taken, because its
// volumes would soon meet a full pool. One of the fields is set, or none.
type MinThinFree struct {
	Percent float64
	KiB     int64
}

// DefaultMinThinFree holds where the property is not set.
func DefaultMinThinFree() MinThinFree { return MinThinFree{Percent: 10} }

var minThinFreeForm = regexp.MustCompile(`^(\d+(?:\.\d+)?)\s*([kmgt](?:ib|b)?|b|s|%|)$`)

// ParseMinThinFree reads "10%", "50GB", "2 GiB" or a number of KiB.
func ParseMinThinFree(text string) (MinThinFree, error) {
	m := minThinFreeForm.FindStringSubmatch(strings.ToLower(strings.TrimSpace(text)))
	if m == nil {
		return MinThinFree{}, badMinThinFree(text)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return MinThinFree{}, badMinThinFree(text)
	}
	if m[2] == "%" {
		if n > 100 {
			return MinThinFree{}, badMinThinFree(text)
		}
		return MinThinFree{Percent: n}, nil
	}
	kib := math.Ceil(n * bytesPer(m[2]) / 1024)
	if kib >= math.MaxInt64 {
		return MinThinFree{}, badMinThinFree(text)
	}
	return MinThinFree{KiB: int64(kib)}, nil
}

// bytesPer is the number of bytes in a unit: powers of 1000 for kB, MB and so on,
// powers of 1024 for k, KiB and so on, 512 for a sector; no unit means KiB.
func bytesPer(unit string) float64 {
	switch unit {
	case "":
		return 1024
	case "b":
		return 1
	case "s":
		return 512
	}
	base := 1024.0
	if len(unit) == 2 {
		base = 1000
	}
	return math.Pow(base, float64(strings.IndexByte("kmgt", unit[0])+1))
}

func badMinThinFree(text string) *fault.Fault {
	return fault.New(v1.FailInvalidProp, "%s: %q is neither a share nor a size", KeyMinThinFree, text).
		Fix("Give a share up to 100%% such as 10%%, or a size such as 50GiB; a bare number is KiB.")
}

// floorKiB is the free space that the rule asks of a pool.
func (m MinThinFree) floorKiB(totalKiB int64) int64 {
	return max(m.KiB, int64(math.Ceil(float64(max(totalKiB, 0))*m.Percent/100)))
}
