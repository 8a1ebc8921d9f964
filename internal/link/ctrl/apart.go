package ctrl

import (
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// apart notes since when connections have been cut off: DRBD itself does not tell.
func apart(old *model.ResourceStatus, now *wire.DRBDReport, at time.Time) map[string]time.Time {
	if now == nil {
		return nil
	}
	var out map[string]time.Time
	for _, l := range now.Links {
		if l.State != "StandAlone" {
			continue
		}
		if out == nil {
			out = map[string]time.Time{}
		}
		out[l.Peer] = at
		if old != nil {
			if since, ok := old.Apart[l.Peer]; ok {
				out[l.Peer] = since
			}
		}
	}
	return out
}
