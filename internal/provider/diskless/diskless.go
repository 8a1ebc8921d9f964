// Package diskless is the provider of pools without storage: a resource in such a
// pool has no devices on its node and reads and writes over the network.
//
// Invariant: it never touches the machine, not even to look.
package diskless

import (
	"context"
	"math"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Provider is the provider of DISKLESS pools.
type Provider struct{}

var _ provider.Provider = Provider{}

// New makes the provider.
func New() Provider { return Provider{} }

// Kinds lists DISKLESS.
func (Provider) Kinds() []provider.Traits {
	return []provider.Traits{{
		Kind: v1.ProviderKindDiskless, Thin: true, Diskless: true, Shrink: true, ZeroFilled: true,
		PoolNameHelp: "must not be set: a diskless pool has no storage",
	}}
}

// Scan finds every pool usable, without limit and without devices.
func (Provider) Scan(_ context.Context, _ run.Host, pools []provider.Pool) (provider.Observation, error) {
	obs := provider.Observation{Pools: map[string]provider.PoolState{}, Devices: map[string]map[string]provider.Observed{}}
	for _, p := range pools {
		obs.Pools[p.Name] = provider.PoolState{Space: provider.Space{
			TotalKiB: math.MaxInt64, FreeKiB: math.MaxInt64, DataPercent: -1, MetaPercent: -1, GranularityKiB: 1,
		}}
		obs.Devices[p.Name] = map[string]provider.Observed{}
	}
	return obs, nil
}

// Plan has nothing to do.
func (Provider) Plan(provider.Pool, provider.PoolState, provider.Volume, *provider.Observed) ([]provider.Step, error) {
	return nil, nil
}

// PlanDelete has nothing to do.
func (Provider) PlanDelete(provider.Pool, provider.Volume, *provider.Observed) ([]provider.Step, error) {
	return nil, nil
}
