package place

import (
	"math"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Property keys of the over-subscription ratios.
const (
	KeyRatio      = "MaxOversubscriptionRatio"
	KeyRatioFree  = "MaxFreeCapacityOversubscriptionRatio"
	KeyRatioTotal = "MaxTotalCapacityOversubscriptionRatio"
)

// DefaultRatio holds where no ratio is set.
const DefaultRatio = 20.0

const maxRatio = 1000.0

// ParseRatio reads the ratio that a property holds.
func ParseRatio(key, text string) (float64, error) {
	r, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(r) || r < 0 || r > maxRatio {
		return 0, fault.New(v1.FailInvalidProp, "%s: %q is not an over-subscription ratio", key, text).
			Fix("Give a number from 0 to 1000; 1 means no over-subscription.")
	}
	return r, nil
}

// Ratios finds the ratios for a pool. get looks a property up in the order storage
// pool, storage pool definition, controller. The specific ratios default to the
// general one, and that to DefaultRatio.
func Ratios(get func(key string) (string, bool)) (free, total float64, err error) {
	one := func(key string, fallback float64) (float64, error) {
		text, ok := get(key)
		if !ok {
			return fallback, nil
		}
		return ParseRatio(key, text)
	}
	general, err := one(KeyRatio, DefaultRatio)
	if err != nil {
		return 0, 0, err
	}
	if free, err = one(KeyRatioFree, general); err != nil {
		return 0, 0, err
	}
	total, err = one(KeyRatioTotal, general)
	return free, total, err
}

// UsableKiB is the space that new volumes may take in a pool: what is free and not
// promised for thick pools, what the ratios allow for thin ones. It is never negative.
func UsableKiB(p *Pool) int64 {
	switch {
	case p.Diskless:
		return math.MaxInt64
	case !p.CapacityKnown:
		return 0
	case !p.Thin:
		return max(p.FreeKiB-p.PendingKiB, 0)
	}
	byFree := scale(p.FreeKiB, p.RatioFree)
	byTotal := scale(p.TotalKiB, p.RatioTotal) - p.promisedKiB()
	return max(min(byFree, byTotal), 0)
}

// promisedKiB is what the pool owes to volumes, snapshots and pending requests.
func (p *Pool) promisedKiB() int64 {
	return addSat(max(p.ReservedKiB, 0), max(p.PendingKiB, 0))
}

// scale multiplies without overflow.
func scale(kib int64, ratio float64) int64 {
	if kib <= 0 || ratio <= 0 {
		return 0
	}
	f := float64(kib) * ratio
	if f >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(f)
}

// addSat adds two numbers that are not negative without overflow.
func addSat(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
