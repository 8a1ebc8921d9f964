package agent

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// Bounds of the error reports: those that wait for a controller, how many are made in
// how long a time, and the bytes of a text in one. What happens again and again tells
// nothing new.
const (
	maxErrors  = 32
	errorSpan  = 10 * time.Minute
	errorBurst = 10
	maxText    = 8 << 10
)

// errorBook makes error reports of what failed unexpectedly. They are about what the
// user sees as the problem, which has no secrets.
type errorBook struct {
	node, version string
	began         int64
	next          int
	// made are the times of the last reports, oldest first.
	made []time.Time
}

// unexpected tells problems that a user has not caused and may not understand.
func unexpected(p *v1.ApiCallRc) bool {
	switch p.RetCode.Number() {
	case v1.FailUnknownError.Number(), v1.FailImplError.Number():
		return true
	}
	return false
}

// report makes an error report of a problem of a resource, or of the node where name is
// empty; ok is false where there are too many.
func (b *errorBook) report(name, doing string, p *v1.ApiCallRc, now time.Time) (rep link.ErrorReport, ok bool) {
	for len(b.made) > 0 && now.Sub(b.made[0]) >= errorSpan {
		b.made = b.made[1:]
	}
	if len(b.made) >= errorBurst {
		return rep, false
	}
	if b.began == 0 {
		b.began = now.Unix()
	}
	b.made = append(b.made, now)
	h := fnv.New32a()
	_, _ = h.Write([]byte(b.node))
	rep = link.ErrorReport{ID: fmt.Sprintf("%08X-%05X-%06d", b.began, h.Sum32()&0xFFFFF, b.next), TimeMS: now.UnixMilli(), Version: b.version,
		Operation: doing, Resource: name, Message: cut(p.Message), Cause: cut(p.Cause), Correction: cut(p.Correction), Details: cut(p.Details)}
	b.next++
	return rep, true
}

func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + " …"
}

// noteError makes an error report where a resource fails in a new way, and lets the
// problem name it as long as it stays the same; the caller holds mu.
func (a *Agent) noteError(it *item, rep *link.ResourceReport) {
	if rep.Progress != progressFailed || rep.Problem == nil || !unexpected(rep.Problem) {
		if rep.Progress == progressReady || rep.Progress == progressGone {
			it.failure, it.errorID = "", ""
		}
		return
	}
	if failure := rep.Problem.Message + "\n" + rep.Problem.Cause; failure != it.failure {
		it.failure, it.errorID = failure, ""
		if e, ok := a.errors.report(rep.Name, "bring the resource to what is wanted", rep.Problem, time.Now()); ok {
			it.errorID = e.ID
			a.out.failed(e)
		}
	}
	if it.errorID != "" {
		p := *rep.Problem
		p.ErrorReportIDs = []string{it.errorID}
		rep.Problem = &p
	}
}
