package model

import "github.com/holdfast-storage/holdfast/api/v1"

// What layers take of a device, in KiB.
const (
	luksHeaderKiB = 16 << 10
	drbdALKiB     = 32
	drbdSuperKiB  = 4
	drbdUnitKiB   = 4
	drbdMinKiB    = 68
)

// StorageKiB is the size of the storage in KiB that a volume of a replica takes below
// its layers. Further devices of the volume, such as one for a cache, are not in it.
func StorageKiB(vd *VolumeDefinition, r *Resource, v *Volume) int64 {
	kib := vd.SizeKiB
	if vd.Gross || r.Diskless != Diskful && r.Toggle == ToggleNone {
		return kib
	}
	for _, l := range r.Stack {
		switch {
		case l == v1.LayerTypeDrbd && r.DRBD != nil && !v.hasPart(".meta"):
			kib = withDRBDMeta(kib, int64(r.DRBD.PeerSlots))
		case l == v1.LayerTypeLuks:
			kib = up(kib, 1<<10) + luksHeaderKiB
		}
	}
	return kib
}

func (v *Volume) hasPart(suffix string) bool {
	for _, p := range v.Parts {
		if p.Suffix == suffix {
			return true
		}
	}
	return false
}

// withDRBDMeta adds DRBD's internal metadata: a bitmap with a bit for 4 KiB and peer,
// measured by the device as a whole, an activity log and a superblock.
func withDRBDMeta(kib, peers int64) int64 {
	if peers <= 0 {
		peers = 7
	}
	data := up(kib, drbdUnitKiB)
	gross := data
	for {
		perPeer := up(up(gross, drbdUnitKiB)/drbdUnitKiB, 64) / 8
		bitmap := up(up(perPeer*peers, 1024)/1024, drbdUnitKiB)
		next := max(data+up(bitmap+drbdALKiB+drbdSuperKiB, drbdUnitKiB), drbdMinKiB)
		if next <= gross {
			return gross
		}
		gross = next
	}
}

func up(n, to int64) int64 { return (n + to - 1) / to * to }
