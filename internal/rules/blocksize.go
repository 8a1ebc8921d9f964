package rules

import (
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Keys of the management of DRBD's block size and of what is discarded in a resync.
const (
	keyBlockSize   = "DrbdOptions/Disk/block-size"
	keyAutoBlock   = "Linstor/Drbd/auto-block-size"
	keyFreezeBlock = "Linstor/Drbd/freeze-block-size"
	keyDiscard     = "DrbdOptions/Disk/rs-discard-granularity"
	keyAutoDiscard = "DrbdOptions/auto-rs-discard-granularity"
)

// Bounds of the values, in bytes. DRBD's own block size is the smallest one.
const (
	blockMin   = 512
	blockMax   = 4096
	discardMax = 1 << 20
)

// fitStorage keeps the options of volumes that follow from the storage below: the
// block size, which must not change any more once data was written with it, and the
// size from which a resync discards instead of writing zeroes.
func fitStorage(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		next := *d
		changed := false
		for i := range d.Volumes {
			props := fitVolume(tx.World, d, &d.Volumes[i])
			if props == nil {
				continue
			}
			if !changed {
				next.Volumes = slices.Clone(d.Volumes)
			}
			next.Volumes[i].Props, changed = props, true
		}
		if changed {
			tx.PutDefinition(&next)
		}
	}
	return nil
}

// fitVolume gives the properties of a volume definition where they have to change,
// nil otherwise. Values are raised, never lowered: a user's are not undone, and a larger
// one suits smaller storage.
func fitVolume(w *model.World, d *model.Definition, vd *model.VolumeDefinition) map[string]string {
	levels := volumeLevels(w, d, vd)
	props := vd.Props
	set := func(key, value string) { props = changedProp(props, key, value) }
	block, discard, disks, used := measure(w, d, vd.Number)
	if enabled(keyAutoBlock, levels) {
		switch {
		case disks == 0 && vd.Props[keyFreezeBlock] != "":
			set(keyFreezeBlock, "")
			set(keyBlockSize, "")
		case vd.Props[keyFreezeBlock] == "" && block > max(blockMin, number(vd.Props[keyBlockSize])):
			set(keyBlockSize, strconv.FormatInt(block, 10))
		}
		if used && disks > 0 {
			set(keyFreezeBlock, "True")
		}
	}
	if enabled(keyAutoDiscard, levels) && discard > 0 && vd.Props[keyDiscard] == "" {
		set(keyDiscard, strconv.FormatInt(discard, 10))
	}
	if sameMap(props, vd.Props) {
		return nil
	}
	return props
}

func number(v string) int64 {
	n, _ := strconv.ParseInt(v, 10, 64)
	return n
}

func changedProp(props map[string]string, key, value string) map[string]string {
	if props[key] == value {
		return props
	}
	return replication.WithProp(props, key, value)
}

func sameMap(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if got, ok := b[k]; !ok || got != v {
			return false
		}
	}
	return true
}

func enabled(key string, levels []map[string]string) bool {
	v, ok := replication.Level(key, levels...)
	return !ok || replication.IsTrue(v)
}

func volumeLevels(w *model.World, d *model.Definition, vd *model.VolumeDefinition) []map[string]string {
	out := []map[string]string{vd.Props, d.Props}
	if g, ok := w.Groups.Get(d.Group); ok {
		if vg, ok := g.Volume(vd.Number); ok {
			out = append(out, vg.Props)
		}
		out = append(out, g.Props)
	}
	return append(out, w.Props())
}

// measure looks at the storage below one volume: the largest block of its pools in
// bytes, 0 if none has told, and the largest unit of thin storage, 0 if some is thick,
// −1 if not all have told.
func measure(w *model.World, d *model.Definition, number int) (block, discard int64, disks int, used bool) {
	thin := true
	for _, r := range replication.Replicas(w, d.Name) {
		used = used || replication.InUse(w, r)
		v, ok := r.Volume(number)
		if !ok || r.Diskless != model.Diskful || r.Deleting != nil {
			continue
		}
		disks++
		p, _ := w.Pools.Get(r.Node, v.Pool)
		st, known := w.PoolStatus.Get(r.Node, v.Pool)
		if p == nil || !known {
			discard = -1
			continue
		}
		block = max(block, min(blockMax, max(blockMin, st.MinIOSizeBytes)))
		thin = thin && (p.Kind == v1.ProviderKindLvmThin || p.Kind == v1.ProviderKindZfsThin) && len(r.Stack) == 2
		if discard >= 0 {
			discard = max(discard, st.GranularityKiB<<10)
		}
	}
	if !thin && discard >= 0 {
		discard = 0
	}
	return block, min(discard, discardMax), disks, used
}
