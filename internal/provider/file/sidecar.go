package file

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// phase says how far a volume has come; see the crash analysis in plan.go.
type phase string

const (
	// phaseReserved: the name is ours; the image is absent or empty.
	phaseReserved phase = "reserved"
	// phaseAllocating: the image is ours and has never had its full size.
	phaseAllocating phase = "allocating"
	// phaseReady: the image has had its full size and may hold data.
	phaseReady phase = "ready"
)

// sidecar is the content of a sidecar file.
type sidecar struct {
	UUID  string `json:"uuid"`
	Phase phase  `json:"phase"`
	// SizeKiB is the size that the image has reached for sure; 0 before ready.
	SizeKiB int64 `json:"size_kib"`
}

func parseSidecar(data []byte) (sidecar, error) {
	var s sidecar
	if err := json.Unmarshal(data, &s); err != nil {
		return sidecar{}, fmt.Errorf("parse sidecar: %w", err)
	}
	switch s.Phase {
	case phaseReserved, phaseAllocating, phaseReady:
	default:
		return sidecar{}, fmt.Errorf("parse sidecar: unknown phase %q", s.Phase)
	}
	if s.UUID == "" || s.SizeKiB < 0 || (s.Phase == phaseReady) != (s.SizeKiB > 0) {
		return sidecar{}, errors.New("parse sidecar: uuid or size_kib is missing or out of place")
	}
	return s, nil
}

func (s sidecar) file(path string) *run.File {
	data, _ := json.Marshal(s) // plain data cannot fail
	return &run.File{Path: path, Data: append(data, '\n')}
}
