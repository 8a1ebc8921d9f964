package mixing

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Keys of the management of DRBD's block size.
const (
	KeyBlockSize   = "DrbdOptions/Disk/block-size"
	KeyFreezeBlock = "Linstor/Drbd/freeze-block-size"
)

// smallestBlock is DRBD's own block size in bytes.
const smallestBlock = 512

// BlockSize is the block size in bytes that is set for a volume on some level; DRBD's
// own where there is none.
func BlockSize(w *model.World, d *model.Definition, vd *model.VolumeDefinition) int64 {
	levels := []map[string]string{vd.Props}
	g, ok := w.Groups.Get(d.Group)
	if ok {
		if vg, has := g.Volume(vd.Number); has {
			levels = append(levels, vg.Props)
		}
	}
	levels = append(levels, d.Props)
	if ok {
		levels = append(levels, g.Props)
	}
	for _, l := range append(levels, w.Props()) {
		if v, set := l[KeyBlockSize]; set {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return smallestBlock
			}
			return max(n, smallestBlock)
		}
	}
	return smallestBlock
}

// KeptBlock is the smallest block size in bytes that a volume of a definition keeps
// because data was written with it; 0 as long as all may still change.
func KeptBlock(w *model.World, d *model.Definition) int64 {
	out := int64(0)
	for i := range d.Volumes {
		vd := &d.Volumes[i]
		if vd.Deleting != nil || !kept(vd) {
			continue
		}
		if n := BlockSize(w, d, vd); out == 0 || n < out {
			out = n
		}
	}
	return out
}

func kept(vd *model.VolumeDefinition) bool {
	v := vd.Props[KeyFreezeBlock]
	return strings.EqualFold(v, "true") || strings.EqualFold(v, "yes")
}

// checkBlock refuses storage whose blocks are larger than those that the users of a
// volume have seen: their writes could not be carried out there. It is no matter where
// a replica is already.
func checkBlock(w *model.World, d *model.Definition, r *model.Resource, number int, own disk) error {
	vd, ok := d.Volume(number)
	if !ok || !kept(&vd) || isThere(w, r, number, own.pool) {
		return nil
	}
	st, _ := w.PoolStatus.Get(own.node, own.pool)
	have := BlockSize(w, d, &vd)
	if st == nil || st.MinIOSizeBytes <= have {
		return nil
	}
	return fault.New(v1.FailInvalidBlkSize, "Volume %d of resource '%s' cannot lie in storage pool '%s' on node '%s'.", number, d.Name, own.pool, own.node).
		Because("the smallest write of the pool has %d bytes, and the volume has been in use with blocks of %d bytes", st.MinIOSizeBytes, have).
		Fix("Choose a storage pool with a minimum IO size of at most %d bytes; or copy the data to a new resource definition with '%s' at %d.",
			have, KeyBlockSize, min(st.MinIOSizeBytes, largestBlock)).
		Ref("RscDfn", d.Name).Ref("VlmNr", strconv.Itoa(number)).Ref("Node", r.Node).Ref("StorPool", own.pool)
}

// largestBlock is the largest block size in bytes that DRBD can have.
const largestBlock = 4096

// isThere tells that a replica has its storage in the pool already.
func isThere(w *model.World, r *model.Resource, number int, pool string) bool {
	old, ok := w.Resources.Get(r.Definition, r.Node)
	if !ok || old.Diskless != model.Diskful {
		return false
	}
	v, ok := old.Volume(number)
	return ok && model.Key(v.Pool) == model.Key(pool)
}
