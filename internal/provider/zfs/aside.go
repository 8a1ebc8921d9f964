package zfs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// KeyDeleteStrategy is the property that says what becomes of a volume that is to go
// while snapshots depend on it: with Delete it stays and its deletion fails, with Rename
// and Dynamic it is put aside.
const KeyDeleteStrategy = "StorDriver/Zfs/DeleteStrategy"

// propAside marks a volume that was put aside with the name that it had. The mark counts
// only together with the volume's identity and its new name: it is set before the
// volume is renamed, and a deletion may be taken back in between.
const propAside = "holdfast:deleted"

// asidePrefix begins the names of volumes that were put aside.
const asidePrefix = "_deleted_"

// Notes of what was put aside: noteAside is the free name for a volume that may have to
// be, noteWas the former name of a volume that has been, or of a snapshot of it.
const (
	noteAside = "aside"
	noteWas   = "was"
)

var _ provider.Sweeper = (*Provider)(nil)

// asideName is a free name to put a volume aside under.
func asideName(p provider.Pool, name, uuid string, f facts) string {
	wanted := asidePrefix + name + "_" + uuid
	free := wanted
	for i := 2; ; i++ {
		if _, taken := f.rows[p.Backing+"/"+free]; !taken {
			return free
		}
		free = fmt.Sprintf("%s_%d", wanted, i)
	}
}

// wasName is the former name of a volume that Holdfast has put aside; empty for others.
func wasName(name string, r row, uuid string) string {
	if uuid == "" || r.aside == "" || !strings.HasPrefix(name, asidePrefix+r.aside+"_"+uuid) {
		return ""
	}
	return r.aside
}

// underFormerName adds the snapshots of a volume that was put aside under the names that
// they had. A volume that bears the former name by now may have snapshots of its own.
func underFormerName(was string, snapshots, out map[string]provider.Observed) {
	for name, o := range snapshots {
		_, snap, _ := strings.Cut(name, "@")
		former := was + "@" + snap
		if o.UUID == "" || out[former].UUID != "" {
			out[name] = o
			continue
		}
		o.Notes[noteWas] = former
		out[former] = o
	}
}

// putAside renames a volume that is to go and cannot, where the user allows it.
func putAside(pool provider.Pool, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	name, deps := dataset(pool, want), have.Notes[noteDependents]
	e := fault.New(v1.FailInUse, "ZFS volume %s cannot be removed", name)
	const first = "Delete them first: snapshots with snapshot delete, others with zfs destroy; zfs promote frees a clone from its origin."
	if strategy := cmp.Or(want.Props[KeyDeleteStrategy], pool.Props[KeyDeleteStrategy]); strings.EqualFold(strategy, "Delete") {
		return nil, e.Because("snapshots or clones depend on it: %s", deps).Fix("%s Or set %s of the resource definition, or of the controller, to Dynamic instead of Delete: the volume is then renamed, and removed when nothing depends on it any more.",
			first, KeyDeleteStrategy)
	}
	to := pool.Backing + "/" + have.Notes[noteAside]
	if len(to) > maxDataset || have.Notes[noteAside] == "" {
		return nil, e.Because("snapshots or clones depend on it: %s; put aside, its name would be longer than %d characters", deps, maxDataset).Fix(first)
	}
	// What is put aside is written to no more and needs no space kept for it.
	return []provider.Step{
		settle(provider.EffectDetach, fmt.Sprintf("wait until udev has let go of %s", name)),
		step(provider.EffectModify, fmt.Sprintf("mark volume %s, on which snapshots depend, to be removed later", name),
			"zfs", "set", propAside+"="+want.Name, name),
		step(provider.EffectModify, fmt.Sprintf("put volume %s aside", name), "zfs", "rename", name, to),
		step(provider.EffectModify, fmt.Sprintf("free the space that is reserved for %s", to), "zfs", "set", "refreservation=none", to),
	}, nil
}

// PlanSweep removes the volumes that were put aside and on which nothing depends any
// more. zfs destroy without options refuses if anything does by now.
func (*Provider) PlanSweep(pools []provider.Pool, obs provider.Observation) [][]provider.Step {
	var out [][]provider.Step
	done := map[string]bool{}
	for _, p := range pools {
		if obs.Pools[p.Name].Err != nil {
			continue
		}
		devices := obs.Devices[p.Name]
		for _, key := range slices.Sorted(maps.Keys(devices)) {
			d := devices[key]
			name := p.Backing + "/" + d.Name
			if strings.Contains(d.Name, "@") || d.UUID == "" || d.Notes[noteWas] == "" || d.Notes[noteDependents] != "" || done[name] {
				continue
			}
			done[name] = true
			gone := step(provider.EffectDestroy, fmt.Sprintf("remove volume %s, which was put aside: nothing depends on it any more", name), "zfs", "destroy", name)
			gone.Destructive = true
			out = append(out, []provider.Step{settle(provider.EffectDetach, fmt.Sprintf("wait until udev has let go of %s", name)), gone})
		}
	}
	return out
}
