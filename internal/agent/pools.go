package agent

import (
	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// tellPools reports what a scan said about the pools.
func (a *Agent) tellPools(obs provider.Observation, pools []provider.Pool, err error) {
	for _, p := range pools {
		a.out.pool(poolReport(p, obs.Pools[p.Name], err))
	}
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
