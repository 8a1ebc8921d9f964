package lvm

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

func unknownSpace() provider.Space { return provider.Space{DataPercent: -1, MetaPercent: -1} }

// poolState is capacity and usability of one pool.
func poolState(p provider.Pool, b backing, f facts) provider.PoolState {
	g, ok := f.vgs[b.vg]
	if !ok {
		return provider.PoolState{Space: unknownSpace(), Err: missingVG(p, b, f.complaint)}
	}
	if b.thin != "" {
		return thinState(p, b, g, f)
	}
	s := provider.PoolState{Space: unknownSpace(), Err: groupFault(p, g)}
	s.Space.TotalKiB, s.Space.FreeKiB = g.Size.kib(), g.Free.kib()
	s.Space.GranularityKiB, s.Space.MinIOSizeBytes = g.Extent.kib(), g.blockBytes
	pvs, err := choosePVs(p, g, f)
	if s.Err == nil && err != nil {
		s.Err = err
	}
	if pvs != "" {
		s.Notes = map[string]string{notePVs: pvs}
	}
	return s
}

func thinState(p provider.Pool, b backing, g volumeGroup, f facts) provider.PoolState {
	l, ok := f.lvs[b.vg][b.thin]
	if !ok || !l.thinPool() {
		return provider.PoolState{Space: unknownSpace(), Err: missingThin(p, b, ok)}
	}
	s := provider.PoolState{Space: unknownSpace(), Err: groupFault(p, g)}
	s.Space.TotalKiB = l.Size.kib()
	s.Space.DataPercent, s.Space.MetaPercent = float64(l.Data), float64(l.Meta)
	s.Space.GranularityKiB, s.Space.MinIOSizeBytes = thinGranularity(g.Extent.kib(), l.Chunk.kib()), g.blockBytes
	if l.Data >= 0 {
		s.Space.FreeKiB = int64(float64(l.Size.kib()) * (100 - float64(l.Data)) / 100)
	}
	if s.Err == nil {
		if s.Err = thinFault(p, b, l); s.Err == nil && (l.Data < 0 || l.Meta < 0) {
			s.Err = inactiveThin(p, b)
			s.Notes = map[string]string{noteInactive: "true"}
		}
	}
	return s
}

// thinGranularity is what lvm makes of a virtual size. It is given in chunks but
// kept in whole extents, so a chunk below the extent size does not show.
func thinGranularity(extentKiB, chunkKiB int64) int64 {
	if chunkKiB <= extentKiB || extentKiB <= 0 {
		return max(extentKiB, chunkKiB)
	}
	return roundUp(chunkKiB, extentKiB)
}

func roundUp(n, unit int64) int64 {
	if unit <= 1 {
		return n
	}
	if rest := n % unit; rest != 0 {
		return n - rest + unit
	}
	return n
}

func missingVG(p provider.Pool, b backing, complaint string) error {
	if complaint == "" {
		complaint = "vgs does not list it"
	}
	return fault.New(v1.FailStoragePoolConfigurationError, "volume group %s of storage pool %s cannot be used", b.vg, p.Name).
		Because("%s", complaint).
		Fix("Attach the disks of the volume group, or create it with vgcreate, or correct StorDriver/StorPoolName.").
		Ref("StorPool", p.Name)
}

func missingThin(p provider.Pool, b backing, other bool) error {
	cause := "there is no logical volume of that name"
	if other {
		cause = "the logical volume of that name is no thin pool"
	}
	return fault.New(v1.FailStoragePoolConfigurationError, "thin pool %s of storage pool %s cannot be used", b.lv(b.thin), p.Name).
		Because("%s", cause).
		Fix("Create it with lvcreate --type thin-pool, or correct StorDriver/StorPoolName.").
		Ref("StorPool", p.Name)
}

// groupFault is why nothing can be allocated in the group; lvm then answers
// "Cannot change VG … while PVs are missing".
func groupFault(p provider.Pool, g volumeGroup) error {
	f := fault.New(v1.FailStoragePoolConfigurationError, "volume group %s of storage pool %s cannot be changed", g.Name, p.Name).
		Ref("StorPool", p.Name)
	switch {
	case g.MissingPV > 0 || attr(g.Attr, 3) == 'p':
		return f.Because("%d of its physical volumes are missing", max(int64(g.MissingPV), 1)).
			Fix("Attach the missing disks and run vgextend --restoremissing, or give them up with vgreduce --removemissing.")
	case attr(g.Attr, 2) == 'x':
		return f.Because("it is exported").Fix("Run vgimport %s on the node that is to use it.", g.Name)
	case attr(g.Attr, 0) == 'r':
		return f.Because("it is read-only").Fix("Run vgchange --permission rw %s.", g.Name)
	}
	return nil
}

// thinFault is why a thin pool takes no new volumes or data; see "Data space
// exhaustion", "Metadata check and repair" in lvmthin(7).
func thinFault(p provider.Pool, b backing, l lvRow) error {
	name := b.lv(b.thin)
	f := fault.New(v1.FailStoragePoolConfigurationError, "thin pool %s of storage pool %s cannot be used", name, p.Name).
		Ref("StorPool", p.Name)
	health := attr(l.Attr, 8)
	switch {
	case l.CheckNeeded == "check needed":
		return f.Because("its metadata needs a check").
			Fix("Deactivate all of its volumes and run lvconvert --repair %s.", name)
	case health == 'F' || l.Health == "failed":
		return f.Because("it has failed and does no I/O").
			Fix("Look for disk errors in the kernel log, deactivate its volumes and run lvconvert --repair %s.", name)
	case health == 'D' || l.Health == "out_of_data":
		return f.Because("its data space is used up, writes wait or fail").
			Fix("Extend it with lvextend -L +SIZE %s, or free space in it.", name)
	case health == 'M' || l.Health == "metadata_read_only":
		return f.Because("its metadata is read-only, which happens when the metadata space is used up").
			Fix("Extend the metadata with lvextend --poolmetadatasize +SIZE %s, then run lvchange --refresh %s.", name, name)
	case health == 'p' || l.Health == "partial":
		return f.Because("some of its physical volumes are missing").
			Fix("Attach the missing disks, then run lvchange --refresh %s.", name)
	case l.Meta >= 100:
		return f.Because("its metadata space is used up").
			Fix("Extend it with lvextend --poolmetadatasize +SIZE %s.", name)
	}
	return nil
}

func inactiveThin(p provider.Pool, b backing) error {
	return fault.New(v1.FailStoragePoolConfigurationError, "thin pool %s of storage pool %s is not active", b.lv(b.thin), p.Name).
		Because("its fill is unknown until it is").
		Fix("Activate it with lvchange -ay -K %s; the next volume made in it does so too.", b.lv(b.thin)).
		Ref("StorPool", p.Name)
}
