package place

import (
	"math"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// KeyWeights is the namespace of the weights; a strategy's name follows.
const KeyWeights = "Autoplacer/Weights/"

// Weights say how much each strategy adds to a score. A weight may be negative.
type Weights struct {
	// MaxFreeSpace prefers much usable space.
	MaxFreeSpace float64
	// MinReservedSpace prefers little promised space.
	MinReservedSpace float64
	// MinRscCount prefers nodes with few resources.
	MinRscCount float64
	// MaxThroughput prefers much throughput that is not taken by limits of volumes.
	MaxThroughput float64
}

// DefaultWeights hold where no property says otherwise: free space decides, and of
// pools alike in that the emptier node.
func DefaultWeights() Weights { return Weights{MaxFreeSpace: 1, MinRscCount: 0.00001} }

// WeightsFrom reads the weights from the controller's properties.
func WeightsFrom(get func(key string) (string, bool)) (Weights, error) {
	w := DefaultWeights()
	for _, f := range []struct {
		name string
		to   *float64
	}{
		{"MaxFreeSpace", &w.MaxFreeSpace}, {"MinReservedSpace", &w.MinReservedSpace},
		{"MinRscCount", &w.MinRscCount}, {"MaxThroughput", &w.MaxThroughput},
	} {
		text, ok := get(KeyWeights + f.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return Weights{}, fault.New(v1.FailInvalidProp, "%s: %q is not a weight", KeyWeights+f.name, text).
				Fix("Give a decimal number such as 0.5; 0 turns the strategy off.")
		}
		*f.to = n
	}
	return w, nil
}
