// Package provider is the contract of a storage provider: how volumes of one kind
// of pool (LVM, ZFS, files …) are observed and changed on a node. One folder
// below this one holds one provider family; all/ lists them.
//
// A provider only observes (Scan) and plans (pure functions that turn wanted and
// observed into Steps). It never executes a change by itself, never decides that
// something may be destroyed, and reaches the machine through run.Host alone.
package provider

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Traits say what a kind can do; the controller decides by them.
type Traits struct {
	Kind v1.ProviderKind
	// Thin volumes take space only as they are written.
	Thin bool
	// Diskless pools have no space at all.
	Diskless  bool
	Snapshots bool
	// Shrink tells whether a volume can be made smaller.
	Shrink bool
	// ZeroFilled volumes read as zeroes when new, so that replicas need no first sync.
	ZeroFilled bool
	// PoolNameHelp says what StorDriver/StorPoolName means for this kind.
	PoolNameHelp string
	// Tools are the commands a node must have for this kind.
	Tools []string
}

// Pool is a storage pool as a satellite sees it.
type Pool struct {
	Name string
	Kind v1.ProviderKind
	// Backing is StorDriver/StorPoolName: a VG, VG/thinpool, zpool[/dataset] or directory.
	Backing string
	// Props are the effective properties of the pool (own, definition, node, controller).
	Props map[string]string
}

// Volume is one wanted volume of a pool.
type Volume struct {
	// UUID is the identity that is written onto the device; a device with another
	// one, or none, is not ours.
	UUID string
	// Name is the on-disk name without suffix of the kind: rsc_00000.
	Name string
	// SizeKiB is the size the device must at least have.
	SizeKiB int64
	Props   map[string]string
	// MayMake tells that there is no data to be lost: what a deletion that was taken
	// back has left of the volume is completed with an empty one.
	MayMake bool
}

// Observed is one device found on the node.
type Observed struct {
	Pool string
	Name string
	// UUID is the identity found on the device; empty means that it is not ours.
	UUID string
	// Doubtful tells that the identity could not be found out: a device without
	// UUID may still be the wanted one.
	Doubtful bool `json:",omitempty"`
	// Remnant tells that no data is there: it is what the making or the removal of a
	// volume has left that was cut short.
	Remnant bool `json:",omitempty"`
	// SizeKiB is the usable size.
	SizeKiB int64
	// AllocatedKiB is the space it takes in its pool.
	AllocatedKiB int64
	// Path is the device path, empty while it is not active.
	Path string
	// Open tells whether something uses the device now, as far as the tool tells.
	Open bool
	// Notes are what the provider needs to know about the device in its own plan
	// functions, such as the loop device or the backing file.
	Notes map[string]string
	// Found is the same for a provider that keeps it in a type of its own; nobody else
	// looks into it or changes it.
	Found any `json:"-"`
}

// Space is the capacity of a pool.
type Space struct {
	TotalKiB int64
	FreeKiB  int64
	// DataPercent and MetaPercent are the fill of a thin pool; −1 where unknown.
	DataPercent float64
	MetaPercent float64
	// GranularityKiB is what sizes are rounded up to.
	GranularityKiB int64
	// MinIOSizeBytes is the logical block size of the backing devices; 0 unknown.
	MinIOSizeBytes int64
}

// PoolState is what a scan says about one pool.
type PoolState struct {
	Space Space
	// Err is why the pool cannot be used (VG missing, no such directory …); a fault.
	Err error
	// NoSnapshots is why no snapshot can be taken in the pool although its kind has
	// them; empty where nothing is known against it.
	NoSnapshots string `json:",omitempty"`
	// Notes are what the provider needs to know about the pool in its own plan
	// functions, such as the physical volumes to allocate from.
	Notes map[string]string
}

// Observation is the outcome of one scan over all pools of a provider.
type Observation struct {
	Pools map[string]PoolState
	// Devices by pool name, then device name.
	Devices map[string]map[string]Observed
}

// Effect classifies a step for plans and grants.
type Effect string

// Effects of a step.
const (
	EffectCreate  Effect = "create"
	EffectModify  Effect = "modify"
	EffectDestroy Effect = "destroy"
	EffectAttach  Effect = "attach"
	EffectDetach  Effect = "detach"
)

// Step is one idempotent change of the machine: a command, a file to write or a
// file to remove; exactly one of the three.
type Step struct {
	Cmd    *run.Cmd
	Write  *run.File
	Remove string
	// Why tells the user what the step is for.
	Why    string
	Effect Effect
	// Destructive steps lose data and need an explicit grant.
	Destructive bool
	// OKExit are exit codes besides 0 that mean the step's goal is reached.
	OKExit []int
	// Lingers tells that the machine goes on with what the command has begun when the
	// command is given up because it stands still: that is no failure, but a reason to
	// look again.
	Lingers bool
}

// Foreseer is a provider whose PlanDelete takes several rounds, each after a new
// look. ForeseeDelete tells the whole way, for plans that are shown to a user.
type Foreseer interface {
	ForeseeDelete(pool Pool, want Volume, have *Observed) ([]Step, error)
}

// Sweeper is a provider that puts a volume aside whose deletion was ordered and which
// cannot be removed yet, because something of the user's depends on it.
type Sweeper interface {
	// PlanSweep gives the steps that remove what was put aside and has become free, a
	// list for each device. Only what carries the marks that the provider itself has set
	// when it carried out the deletion is removed, by a command that fails where anything
	// depends on it after all. Pure.
	PlanSweep(pools []Pool, obs Observation) [][]Step
}

// Provider drives all pools of one family of kinds on a node.
type Provider interface {
	// Kinds lists the kinds this provider drives.
	Kinds() []Traits
	// Scan observes all given pools with a number of commands that does not
	// depend on the number of volumes. An error means that nothing is known.
	Scan(ctx context.Context, h run.Host, pools []Pool) (Observation, error)
	// Plan gives the next steps that bring one volume nearer to what is wanted;
	// none when it is there. have is nil where no such device was observed. A
	// device of that name that is not ours is a fault, never a step. Pure.
	Plan(pool Pool, state PoolState, want Volume, have *Observed) ([]Step, error)
	// PlanDelete gives the steps that remove the volume; none when it is gone. Only
	// a device that carries the wanted UUID is removed; anything else of that name
	// is a fault. Pure.
	PlanDelete(pool Pool, want Volume, have *Observed) ([]Step, error)
}
