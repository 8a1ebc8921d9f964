package agent

import (
	"errors"
	"reflect"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// ErrNeedFull says that a delta does not build on what the agent holds.
var ErrNeedFull = errors.New("the change does not build on the set that the satellite holds")

// Number is the number of the set that the agent holds.
func (a *Agent) Number() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.number
}

// Reports opens a reader of what the agent observes.
func (a *Agent) Reports() *Reader { return a.out.open() }

// Apply takes over what the node shall have.
func (a *Agent) Apply(set link.Set) (link.Applied, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	// A full set is bound to its base as well: one that was under way for long is
	// older than what the controller has told since.
	if set.Base != a.number {
		return link.Applied{}, ErrNeedFull
	}
	first := a.attachOnly
	if first {
		// What was reported while only attaching was allowed says too little.
		a.attachOnly = false
		a.out.forgetResources()
	}
	poolsChanged := a.applyPools(set)
	if set.Full {
		a.forgetOthers(set)
	}
	for _, name := range set.ForgetResources {
		a.forget(name)
	}
	for _, r := range set.Resources {
		again := !set.Full && a.holds(r)
		a.want(r, set.Full && !first)
		if again {
			// Who is told again what it knows is asked to look.
			a.items[r.Name].need = a.bumpAll()
		}
	}
	a.number = set.Number
	if poolsChanged {
		a.poolsChanged()
	}
	return link.Applied{Number: a.number}, nil
}

// Preload takes over a set that an earlier run has kept, to bring up what exists.
func (a *Agent) Preload(set link.Set) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.applyPools(set)
	for _, r := range set.Resources {
		a.want(r, false)
	}
	a.poolsChanged()
}

// Holds is the set that the agent holds, to be kept for its next start.
func (a *Agent) Holds() link.Set {
	a.mu.Lock()
	defer a.mu.Unlock()
	set := link.Set{Full: true, Number: a.number}
	for _, p := range a.pools {
		set.Pools = append(set.Pools, p)
	}
	for _, it := range a.items {
		if it.forgotten {
			continue
		}
		set.Resources = append(set.Resources, it.spec)
	}
	return set
}

func (a *Agent) applyPools(set link.Set) bool {
	changed := false
	if set.Full {
		keep := map[string]bool{}
		for _, p := range set.Pools {
			keep[p.Name] = true
		}
		for n := range a.pools {
			if !keep[n] {
				set.ForgetPools = append(set.ForgetPools, n)
			}
		}
	}
	for _, n := range set.ForgetPools {
		if _, ok := a.pools[n]; ok {
			delete(a.pools, n)
			delete(a.poolFailures, n)
			a.out.forgetPool(n)
			changed = true
		}
	}
	for _, p := range set.Pools {
		if old, ok := a.pools[p.Name]; !ok || !reflect.DeepEqual(old, p) {
			a.pools[p.Name] = p
			changed = true
		}
	}
	return changed
}

// poolsChanged gives every scanner its pools and looks at them.
func (a *Agent) poolsChanged() {
	split := map[*scanner][]provider.Pool{}
	for _, p := range a.poolList() {
		s, ok := a.byKind[p.Kind]
		if !ok {
			rc := unsupportedKind(p.Kind).RC()
			a.out.pool(link.PoolReport{Name: p.Name, DataPercent: -1, MetaPercent: -1, Problem: &rc})
			continue
		}
		split[s] = append(split[s], p)
	}
	for _, s := range a.scanners {
		s.setPools(split[s])
	}
	a.needAll()
	for _, s := range a.scanners {
		if len(split[s]) > 0 {
			a.refresh(s)
		}
	}
}

func unsupportedKind(kind v1.ProviderKind) *fault.Fault {
	return fault.New(v1.FailSatelliteDoesNotSupportProvider, "This satellite cannot drive %s storage pools.", kind).
		Fix("Use a kind that 'node info' shows as supported.")
}

func (a *Agent) forgetOthers(set link.Set) {
	keep := map[string]bool{}
	for _, r := range set.Resources {
		keep[r.Name] = true
	}
	for n := range a.items {
		if !keep[n] {
			a.forget(n)
		}
	}
}

func (a *Agent) forget(name string) {
	it, ok := a.items[name]
	if !ok {
		return
	}
	it.stopTimer()
	a.out.forgetResource(name)
	if it.running {
		// Its place is kept until the work on it has ended: nobody else may begin
		// with a resource of that name before.
		it.forgotten = true
		return
	}
	delete(a.items, name)
}

// holds tells whether the agent has this very instruction.
func (a *Agent) holds(spec link.Resource) bool {
	it, ok := a.items[spec.Name]
	return ok && !it.forgotten && it.spec.Fingerprint == spec.Fingerprint
}

// want takes over one instruction; an unchanged one of a full set is not looked at
// again, for the report about it still holds.
func (a *Agent) want(spec link.Resource, full bool) {
	it, ok := a.items[spec.Name]
	if ok && full && it.spec.Fingerprint == spec.Fingerprint && it.seen > 0 && !it.forgotten {
		// The grants that are no part of the fingerprint may have ended.
		it.spec = spec
		return
	}
	if !ok {
		it = &item{}
		a.items[spec.Name] = it
	}
	it.forgetMade(it.spec)
	it.forgetMade(spec)
	it.spec, it.forgotten = spec, false
	it.seen++
	it.retries = 0
	it.stopTimer()
	a.enqueue(spec.Name, it)
}
