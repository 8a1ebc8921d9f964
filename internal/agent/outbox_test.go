package agent

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// told says whether a reader has been signalled.
func told(r *Reader) bool {
	select {
	case <-r.News():
		return true
	default:
		return false
	}
}

// TestSpaceGoesWithOtherNews: that a pool is a little fuller is reported together with
// the resource that made it so, and else soon; everything else about a pool at once.
func TestSpaceGoesWithOtherNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOutbox()
		r := o.open()
		defer r.Close()
		report := link.PoolReport{Name: "p", FreeKiB: 100, TotalKiB: 100}
		if o.pool(report); !told(r) || len(r.Take().Pools) != 1 {
			t.Fatal("the first report on a pool was kept back")
		}
		report.FreeKiB = 96
		o.pool(report)
		if told(r) {
			t.Error("free space alone is told at once")
		}
		o.resource(link.ResourceReport{Name: "r", Progress: progressReady})
		if rep := r.Take(); !told(r) || len(rep.Pools) != 1 || rep.Pools[0].FreeKiB != 96 || len(rep.Resources) != 1 {
			t.Errorf("with the resource came %+v", rep)
		}
		if time.Sleep(time.Second); told(r) {
			t.Error("what was taken is told again")
		}
		report.FreeKiB = 92
		o.pool(report)
		if time.Sleep(time.Second); !told(r) || len(r.Take().Pools) != 1 {
			t.Error("free space alone is never told")
		}
		report.Problem = &v1.ApiCallRc{Message: "gone"}
		if o.pool(report); !told(r) || r.Take().Pools[0].Problem == nil {
			t.Error("a pool's trouble was kept back")
		}
	})
}
