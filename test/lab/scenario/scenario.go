// Package scenario holds what is tried on the machines of package vm, one
// subject a file: first the lab itself, then the product on it.
//
// Invariant: a scenario gets fresh machines and leaves nothing that another one
// could see; it says what a user relies on and waits for states, never for time.
// It must not import the product: it uses the binaries as a user does.
package scenario

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// Scenario is one story on three machines.
type Scenario struct {
	Name string
	// Modules are kernel modules that have to be given by the user.
	Modules []string
	// Binaries says that the product's binaries are needed.
	Binaries bool
	Run      func(ctx context.Context, t *testing.T, l *vm.Lab)
}

// All lists the scenarios in the order they are run in.
func All() []Scenario {
	drbd := []string{"drbd", "drbd_transport_tcp"}
	return []Scenario{
		{Name: "lab/tools-and-modules", Run: tools},
		{Name: "lab/lvm-thin-on-all-nodes", Run: lvmThin},
		{Name: "lab/luks-key-on-stdin", Run: luks},
		{Name: "lab/nvme-over-tcp", Run: nvme},
		{Name: "lab/dm-writecache", Run: writecache},
		{Name: "lab/power-off-while-writing", Run: powerOffWhileWriting},
		{Name: "lab/partition-and-heal", Run: partition},
		{Name: "lab/drbd-replicates", Modules: drbd, Run: drbdReplicates},
		{Name: "holdfast/spawn-grow-delete", Binaries: true, Run: spawnGrowDelete},
		{Name: "holdfast/device-pools", Binaries: true, Run: devicePools},
		{Name: "holdfast/zfs-pools", Modules: []string{"spl", "zfs"}, Binaries: true, Run: zfsPools},
		{Name: "holdfast/power-off-of-one-node", Binaries: true, Run: powerOffOne},
		{Name: "holdfast/power-off-of-all-nodes", Binaries: true, Run: powerOffAll},
		{Name: "holdfast/foreign-objects-untouched", Binaries: true, Run: foreignUntouched},
		{Name: "holdfast/clock-and-volume-group", Binaries: true, Run: clockAndGroup},
		{Name: "replicated/failover", Modules: drbd, Binaries: true, Run: failover},
		{Name: "replicated/quorum-lost-and-regained", Modules: drbd, Binaries: true, Run: quorumLost},
		{Name: "replicated/toggle-and-migrate-under-load", Modules: drbd, Binaries: true, Run: toggleMigrate},
		{Name: "replicated/toggle-again-and-again", Modules: drbd, Binaries: true, Run: toggleAgainAndAgain},
		{Name: "replicated/toggle-in-use", Modules: drbd, Binaries: true, Run: toggleInUse},
		{Name: "replicated/volume-added-in-use", Modules: drbd, Binaries: true, Run: volumeAddedInUse},
		{Name: "replicated/old-copy-alone", Modules: drbd, Binaries: true, Run: oldCopyAlone},
		{Name: "replicated/good-copy-deleted", Modules: drbd, Binaries: true, Run: goodCopyDeleted},
		{Name: "replicated/good-copy-lost", Modules: drbd, Binaries: true, Run: goodCopyLost},
		{Name: "replicated/former-disk", Modules: drbd, Binaries: true, Run: formerDisk},
		{Name: "replicated/new-copy-not-told", Modules: drbd, Binaries: true, Run: newCopyNotTold},
		{Name: "replicated/new-copy-while-one-is-away", Modules: drbd, Binaries: true, Run: newCopyWhileAway},
		{Name: "replicated/spare-under-quorum", Modules: drbd, Binaries: true, Run: spareUnderQuorum},
		{Name: "replicated/failed-disk", Modules: drbd, Binaries: true, Run: failedDisk},
		{Name: "replicated/isolated-primary", Modules: drbd, Binaries: true, Run: isolatedPrimary},
		{Name: "replicated/grow-under-load", Modules: drbd, Binaries: true, Run: growUnderLoad},
		{Name: "replicated/twenty-at-once", Modules: drbd, Binaries: true, Run: spawnTwenty},
		{Name: "replicated/daemons-killed-under-load", Modules: drbd, Binaries: true, Run: daemonsKilled},
		{Name: "replicated/disk-failure", Modules: drbd, Binaries: true, Run: diskFailure},
		{Name: "replicated/controller-killed-in-flows", Modules: drbd, Binaries: true, Run: controllerKilled},
		{Name: "layers/luks", Modules: drbd, Binaries: true, Run: luksLayer},
		{Name: "layers/caches", Modules: drbd, Binaries: true, Run: caches},
		{Name: "layers/bcache", Binaries: true, Run: bcacheLayer},
		{Name: "layers/nvme", Binaries: true, Run: nvmeLayer},
		{Name: "layers/filesystem-qos", Modules: drbd, Binaries: true, Run: fileSystemAndLimits},
		{Name: "bench/spawn-against-script", Modules: drbd, Binaries: true, Run: spawnAgainstScript},
		{Name: "doctor/split-brain", Modules: drbd, Binaries: true, Run: splitBrain},
		{Name: "doctor/client-distrusts", Modules: drbd, Binaries: true, Run: clientDistrusts},
		{Name: "doctor/all-outdated", Modules: drbd, Binaries: true, Run: allOutdated},
		{Name: "doctor/lapsed-order", Modules: drbd, Binaries: true, Run: lapsedOrder},
	}
}

// NotRunBecause says what a scenario lacks, or nothing.
func (s Scenario) NotRunBecause(l *vm.Lab, binaries string) string {
	var missing []string
	for _, m := range s.Modules {
		if !l.HasModule(m) {
			missing = append(missing, m+".ko")
		}
	}
	if len(missing) > 0 {
		return "needs the kernel modules " + strings.Join(missing, ", ") + "; give a folder with them in HOLDFAST_LAB_MODULES"
	}
	if !s.Binaries {
		return ""
	}
	if binaries == "" {
		return "needs the product's binaries; give their folder in HOLDFAST_LAB_BIN"
	}
	if missing := vm.MissingBinaries(binaries); len(missing) > 0 {
		return fmt.Sprintf("folder %s lacks %s; build them first", binaries, strings.Join(missing, ", "))
	}
	return ""
}
