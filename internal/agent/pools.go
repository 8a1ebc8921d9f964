package agent

import (
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// tellPools reports what a scan said about the pools.
func (a *Agent) tellPools(obs provider.Observation, pools []provider.Pool, err error) {
	for _, p := range pools {
		st := obs.Pools[p.Name]
		rep := poolReport(p, st, err)
		why := err
		if why == nil {
			why = st.Err
		}
		a.notePool(&rep, why)
		a.out.pool(rep)
	}
}

// poolFailure is what went wrong unexpectedly when a pool was looked at, and the id of
// the error report about it; empty where there were too many.
type poolFailure struct{ failure, errorID string }

// notePool makes an error report where looking at a pool fails in a new way, and lets the
// problem name it as long as it stays the same. One look at several pools that fails is
// one failure.
func (a *Agent) notePool(rep *link.PoolReport, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		delete(a.poolFailures, rep.Name)
		return
	}
	if _, explained := fault.As(err); explained && !unexpected(rep.Problem) || a.life.ctx.Err() != nil {
		return // a look that was cut off has not failed
	}
	now, old := poolFailure{failure: err.Error()}, a.poolFailures[rep.Name]
	if old.failure == now.failure {
		now = old
	} else {
		now.errorID = a.reportPool(rep, now.failure)
		a.poolFailures[rep.Name] = now
	}
	if now.errorID != "" {
		p := *rep.Problem
		p.ErrorReportIDs = []string{now.errorID}
		rep.Problem = &p
	}
}

// reportPool finds the report that another pool's failure has made, or makes one.
func (a *Agent) reportPool(rep *link.PoolReport, failure string) string {
	for _, other := range a.poolFailures {
		if other.failure == failure {
			return other.errorID
		}
	}
	e, ok := a.errors.report("", "look at storage pool '"+rep.Name+"'", rep.Problem, time.Now())
	if !ok {
		return ""
	}
	a.out.failed(e)
	return e.ID
}

func poolReport(p provider.Pool, st provider.PoolState, err error) link.PoolReport {
	rep := link.PoolReport{Name: p.Name, FreeKiB: st.Space.FreeKiB, TotalKiB: st.Space.TotalKiB,
		DataPercent: st.Space.DataPercent, MetaPercent: st.Space.MetaPercent,
		GranularityKiB: st.Space.GranularityKiB, MinIOSizeBytes: st.Space.MinIOSizeBytes, NoSnapshots: st.NoSnapshots}
	if err == nil {
		err = st.Err
	}
	if err == nil {
		return rep
	}
	f, ok := fault.As(err)
	if !ok {
		f = fault.New(v1.FailStoragePoolConfigurationError, "Storage pool '%s' cannot be looked at.", p.Name).
			Because("%v", err).Fix("Mend the cause on the node; the pool is looked at again by itself.")
	}
	rc := f.RC()
	rep.Problem = &rc
	return rep
}
