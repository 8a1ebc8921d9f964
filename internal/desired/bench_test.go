package desired_test

import (
	"testing"

	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// BenchmarkReplicated is the cost of one instruction of three replicas: it is worked
// out again with every report.
func BenchmarkReplicated(b *testing.B) {
	w := add(b, cluster(b), "thin", model.Diskful, "alpha", "bravo", "charlie")
	r, _ := w.Resources.Get("web", "alpha")
	for b.Loop() {
		desired.Resource(w, r)
	}
}
