package agent

import (
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

func failing(message string, code v1.Code) *link.ResourceReport {
	return &link.ResourceReport{Name: "web", Progress: progressFailed, Problem: &v1.ApiCallRc{RetCode: code, Message: message, Cause: "why"}}
}

// TestErrorReports: a failure is reported once as long as it stays the same, and the
// problem names the report; what the user can see and mend is no report.
func TestErrorReports(t *testing.T) {
	a := New(Config{Node: "n1", Version: "1"})
	r := a.out.open()
	it := &item{}
	told := func(rep *link.ResourceReport) (id string, made int) {
		t.Helper()
		a.noteError(it, rep)
		if rep.Problem != nil && len(rep.Problem.ErrorReportIDs) == 1 {
			id = rep.Problem.ErrorReportIDs[0]
		}
		return id, len(r.Take().Errors)
	}
	first, made := told(failing("a", v1.FailUnknownError))
	if first == "" || made != 1 {
		t.Errorf("the first failure: id %q, %d reports", first, made)
	}
	if again, made := told(failing("a", v1.FailUnknownError)); again != first || made != 0 {
		t.Errorf("the same failure: id %q, %d reports", again, made)
	}
	if other, made := told(failing("b", v1.FailImplError)); other == "" || other == first || made != 1 {
		t.Errorf("another failure: id %q, %d reports", other, made)
	}
	if id, made := told(failing("c", v1.FailInUse)); id != "" || made != 0 {
		t.Errorf("something in use: id %q, %d reports", id, made)
	}
	if id, made := told(&link.ResourceReport{Name: "web", Progress: progressReady}); id != "" || made != 0 {
		t.Errorf("all is well: id %q, %d reports", id, made)
	}
}

// TestErrorReportsAreBounded in number, size and while nobody reads them.
func TestErrorReportsAreBounded(t *testing.T) {
	b := errorBook{node: "n1"}
	now := time.Unix(1_800_000_000, 0)
	seen := map[string]bool{}
	for i := range 100 {
		rep, ok := b.report("web", "work", &v1.ApiCallRc{Message: strings.Repeat("x", 1<<20)}, now.Add(time.Duration(i)*time.Second))
		if ok != (i < errorBurst) || ok && (len(rep.Message) > maxText+10 || seen[rep.ID]) {
			t.Fatalf("report %d: made %v, %d bytes, id %s", i, ok, len(rep.Message), rep.ID)
		}
		seen[rep.ID] = true
	}
	if _, ok := b.report("web", "work", &v1.ApiCallRc{}, now.Add(errorSpan+time.Minute)); !ok {
		t.Error("no report is made later either")
	}
	o := newOutbox()
	for i := range 10 * maxErrors {
		o.failed(link.ErrorReport{TimeMS: int64(i)})
	}
	got := o.open().Take().Errors
	if len(got) != maxErrors || got[maxErrors-1].TimeMS != 10*maxErrors-1 {
		t.Errorf("%d reports wait", len(got))
	}
}
