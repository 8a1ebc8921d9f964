// Package providertest is the contract of package provider as tests: what a
// storage provider has to do, on a simulated machine, whatever goes wrong.
//
// Invariant: a provider that passes Run converges from every crash point, never
// touches what is not Holdfast's, and leaves nothing half-made behind. It knows
// nothing of any single provider; what differs comes in through Harness.
package providertest

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// Sizes that the suite uses; a pool has to be able to hold a few of them.
const (
	// PoolKiB is the size that Setup should give a pool, roughly.
	PoolKiB  = 1 << 20
	smallKiB = 8 << 10
	largeKiB = 24 << 10
)

// Harness is what the suite needs to know about one kind of pool.
type Harness struct {
	Kind     v1.ProviderKind
	Provider provider.Provider
	// Setup makes a machine with one healthy, empty pool of about PoolKiB.
	Setup func(t testing.TB) (*sim.Machine, provider.Pool)
	// Missing is a pool whose backing does not exist on that machine.
	Missing func(pool provider.Pool) provider.Pool
	// Foreign plants things that somebody else made under the on-disk name of a
	// volume, guarded with sim's Guard, each on a machine of its own.
	Foreign map[string]func(m *sim.Machine, pool provider.Pool, name string) error
	// Fill leaves the pool without free space; nil where the provider cannot see
	// that a pool is full before a volume is written (thin).
	Fill func(m *sim.Machine, pool provider.Pool)
}

// Run runs the whole contract.
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, c := range []struct {
		name string
		run  func(t *testing.T, h Harness)
	}{
		{"traits", testTraits},
		{"create", testCreate},
		{"create again changes nothing", testFixpoint},
		{"plan is pure", testPure},
		{"scan does not change and does not grow", testScan},
		{"grow keeps data", testGrow},
		{"smaller is no change", testSmaller},
		{"delete", testDelete},
		{"in use is kept", testInUse},
		{"reboot", testReboot},
		{"other UUID", testOtherUUID},
		{"foreign", testForeign},
		{"foreign, between plan and steps", testForeignRace},
		{"missing pool", testMissing},
		{"missing tool", testMissingTool},
		{"too large", testTooLarge},
		{"full in the middle", testFullInTheMiddle},
		{"crash", testCrash},
		{"random faults", testRandom},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, h) })
	}
}

func testTraits(t *testing.T, h Harness) {
	for _, k := range h.Provider.Kinds() {
		if k.Kind == h.Kind {
			if k.PoolNameHelp == "" {
				t.Errorf("%s does not say what its pool name means", k.Kind)
			}
			return
		}
	}
	t.Fatalf("Kinds does not list %s", h.Kind)
}
