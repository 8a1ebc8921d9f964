package agent

import (
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// busyPatience is how long a device may be in use before its user is asked to stop: udev
// and what watches a machine open devices for a moment, at any time.
const busyPatience = 5 * time.Second

// bear has a failure be reported as work that goes on while what is in use may be let go
// of in a moment.
func (it *item) bear(rep *link.ResourceReport, now time.Time) {
	p := rep.Problem
	if rep.Progress != progressFailed || p == nil || p.RetCode.Number() != v1.FailInUse.Number() {
		it.busySince = time.Time{}
		return
	}
	if it.busySince.IsZero() {
		it.busySince = now
	}
	if now.Sub(it.busySince) >= busyPatience {
		return
	}
	rep.Progress, rep.Doing, rep.Problem = progressWorking, p.Message, nil
	if p.Cause != "" {
		rep.Doing += " (" + p.Cause + ")"
	}
}
