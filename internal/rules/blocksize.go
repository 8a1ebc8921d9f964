package rules

import (
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Keys of the management of DRBD's block size and of what is discarded.
const (
	keyBlockSize     = mixing.KeyBlockSize
	keyAutoBlock     = "Linstor/Drbd/auto-block-size"
	keyFreezeBlock   = mixing.KeyFreezeBlock
	keyResync        = "DrbdOptions/Disk/rs-discard-granularity"
	keyAutoResync    = "DrbdOptions/auto-rs-discard-granularity"
	keyDiscard       = "DrbdOptions/Disk/discard-granularity"
	keyAutoDiscard   = "Linstor/Drbd/auto-discard-granularity"
	optionDiscarding = "discard-granularity"
)

// Bounds of the values, in bytes. DRBD's own block size is the smallest one.
const (
	blockMin   = 512
	blockMax   = 4096
	resyncMax  = 1 << 20
	discardMax = 128 << 20
)

// fitStorage keeps the options of volumes that follow from the storage below: the
// block size, which must not change any more once data was written with it, the size
// from which a resync discards instead of writing zeroes, and the unit of discards
// that users of the volume see, which is then the same on all nodes.
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
	m := measure(w, d, vd.Number)
	if enabled(keyAutoBlock, levels) {
		switch {
		case m.disks == 0 && vd.Props[keyFreezeBlock] != "":
			set(keyFreezeBlock, "")
			set(keyBlockSize, "")
		case vd.Props[keyFreezeBlock] == "" && m.block > mixing.BlockSize(w, d, vd):
			set(keyBlockSize, strconv.FormatInt(m.block, 10))
		}
		if m.used && m.disks > 0 {
			set(keyFreezeBlock, "True")
		}
	}
	if enabled(keyAutoResync, levels) {
		props = fitDiscard(props, levels[1:], keyResync, min(m.discard, resyncMax))
	}
	if enabled(keyAutoDiscard, levels) && m.discards {
		props = fitDiscard(props, levels[1:], keyDiscard, min(m.discard, discardMax))
	}
	if sameMap(props, vd.Props) {
		return nil
	}
	return props
}

// fitDiscard sets an option of the volume once, unless a user has done so for the volume
// or for all that it belongs to; what was set before that would hide it, and goes.
func fitDiscard(props map[string]string, outer []map[string]string, key string, bytes int64) map[string]string {
	if bytes <= 0 {
		return props
	}
	value := strconv.FormatInt(bytes, 10)
	_, chosen := replication.Level(key, outer...)
	switch {
	case chosen && props[key] == value:
		return changedProp(props, key, "")
	case !chosen && props[key] == "":
		return changedProp(props, key, value)
	}
	return props
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

// storageFacts is what matters of the storage below one volume.
type storageFacts struct {
	// block is the largest block of its pools in bytes, 0 if none has told.
	block int64
	// discard is the largest unit of thin storage in bytes; 0 if some is thick, −1 if
	// not all have told.
	discard int64
	// discards tells whether the tools on all nodes know the option that says so.
	discards bool
	disks    int
	used     bool
}

func measure(w *model.World, d *model.Definition, number int) storageFacts {
	out := storageFacts{discards: true}
	thin := true
	for _, r := range replication.Replicas(w, d.Name) {
		out.used = out.used || replication.InUse(w, r)
		v, ok := r.Volume(number)
		if !ok || r.Diskless != model.Diskful || r.Deleting != nil {
			continue
		}
		out.disks++
		out.discards = out.discards && knowsDiscards(w, r.Node)
		p, _ := w.Pools.Get(r.Node, v.Pool)
		st, known := w.PoolStatus.Get(r.Node, v.Pool)
		if p == nil || !known {
			out.discard = -1
			continue
		}
		out.block = max(out.block, min(blockMax, max(blockMin, st.MinIOSizeBytes)))
		if hasLargeBlocks(r.Stack) {
			out.block = blockMax
		}
		thin = thin && (p.Kind == v1.ProviderKindLvmThin || p.Kind == v1.ProviderKindZfsThin) && len(r.Stack) == 2
		if out.discard >= 0 {
			out.discard = max(out.discard, st.GranularityKiB<<10)
		}
	}
	if !thin && out.discard >= 0 {
		out.discard = 0
	}
	return out
}

// hasLargeBlocks tells of layers whose devices may have blocks of 4 KiB whatever the
// storage below has.
func hasLargeBlocks(stack []v1.LayerType) bool {
	return slices.ContainsFunc(stack, func(l v1.LayerType) bool {
		return l == v1.LayerTypeNvme || l == v1.LayerTypeWritecache || l == v1.LayerTypeCache || l == v1.LayerTypeBcache
	})
}

func knowsDiscards(w *model.World, node string) bool {
	st, ok := w.NodeStatus.Get(node)
	return ok && st.Host != nil && drbd.ToolsOf(st.Host.Versions).KnowDiskOption(optionDiscarding)
}
