package desired

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	layer "github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Keys of properties that DRBD's instruction is made of.
const (
	keyUname     = "NodeUname"
	keyCurrentGI = "DrbdCurrentGi"
	keySkipDisk  = "DrbdOptions/SkipDisk"

	// KeyExactSize makes DRBD's device exactly as large as the volume definition says.
	KeyExactSize = "DrbdOptions/ExactSize"
	// MetaSuffix names the part of a volume that has DRBD's external metadata.
	MetaSuffix = ".meta"
)

// Diskless tells whether a replica has no disk as its own node sees it. A disk that
// is to be added counts once peers know of it, one that is being removed no more.
func Diskless(r *model.Resource) bool {
	switch r.Toggle {
	case model.ToggleAdding:
		return false
	case model.ToggleAddRequested, model.ToggleRemoving:
		return true
	}
	// A requested removal waits, with the disk in use, until another copy is good.
	return r.Diskless != model.Diskful
}

// mayKeep tells whether a replica that is to be without a disk may still have one that
// it must not let go of: its peers have to have the data first. It is told all that it
// needs to go on with that disk.
func mayKeep(r *model.Resource) bool {
	return r.Toggle == model.ToggleRemoving || r.Toggle == model.ToggleAddRequested && r.Removals > 0
}

// bare tells whether a replica has no disk, and none that it may have to keep.
func bare(r *model.Resource) bool { return Diskless(r) && !mayKeep(r) }

// disklessForPeers tells whether a replica has no disk as its peers see it. They
// keep its bitmap from before it has a disk until after it has lost it.
func disklessForPeers(r *model.Resource) bool {
	return r.Toggle == model.ToggleNone && r.Diskless != model.Diskful || r.Toggle == model.ToggleAddRequested && r.DRBD != nil && r.DRBD.Held
}

// disklessFor tells whether a replica has no disk as one of its peers sees it.
func disklessFor(peer, r *model.Resource) bool {
	return disklessForPeers(r) || r.Toggle == model.ToggleAddRequested && slices.Contains(r.DRBD.Hidden, peer.Node)
}

// drbd is what a node shall know of the replica's DRBD resource.
func drbd(w *model.World, d *model.Definition, r *model.Resource) *link.DRBD {
	if r.DRBD == nil || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return nil
	}
	s := newScope(w, d)
	me := s.replica(r)
	out := &link.DRBD{Secret: d.DRBD.Secret, Forget: r.DRBD.Forget}
	local := s.member(me, Diskless(r))
	local.VolumeOptions = s.volumeOptions(me)
	out.Nodes = append(out.Nodes, local)
	down := Leaves(r) || r.Inactive || Joining(r)
	if !down {
		out.SkipDisk, out.MayKeep = skipDisk(me), mayKeep(r)
	}
	out.Staying = staying(w, d, r)
	for _, v := range r.Volumes {
		if vd, ok := d.Volume(v.Number); ok && !tooEarly(w, d, vd, r, v) {
			out.Volumes = append(out.Volumes, drbdVolume(w, d, vd, r, v))
		}
	}
	if down {
		// Peers are of no matter to a resource that is taken down: what changes among
		// them must not hold it up.
		return out
	}
	s.sections(out, me)
	proxied := false
	for o := range w.Resources.Under(d.Name) {
		if o == r || model.Key(o.Node) == model.Key(r.Node) || !isMember(o) {
			continue
		}
		peer := s.replica(o)
		node := s.member(peer, disklessFor(r, o))
		out.Nodes = append(out.Nodes, node)
		if node.Diskless && bare(r) {
			continue
		}
		c, ok := s.connection(me, peer)
		if KeepsFrom(r, o) {
			c, ok = keptApart(c, me, peer), true
		}
		if ok {
			out.Connections = append(out.Connections, c)
			proxied = proxied || c.Proxy
		}
	}
	rejoin(w, r, out)
	if !proxied {
		out.Proxy = nil
	}
	slices.SortFunc(out.Nodes, func(a, b link.DRBDNode) int { return compareNames(a.Name, b.Name) })
	return out
}

// tooEarly tells whether a replica without a disk has to do without a volume for now that
// was added to the resource. Where it is in use, the kernel would not let the first disk
// of that volume become up to date beside one without a disk that has not seen its data.
// One whose disk has failed is no better.
func tooEarly(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v model.Volume) bool {
	if r.DRBD == nil || v.Created || vd.Initialized || vd.Deleting != nil || r.Deleting != nil {
		return false
	}
	if !slices.ContainsFunc(d.Volumes, func(o model.VolumeDefinition) bool { return o.Initialized && o.Deleting == nil }) {
		return false
	}
	return bare(r) || skipDisk(newScope(w, d).replica(r))
}

// Withheld tells whether a replica is not told yet of a volume that was added.
func Withheld(w *model.World, r *model.Resource) bool {
	d, ok := w.Definitions.Get(r.Definition)
	return ok && slices.ContainsFunc(r.Volumes, func(v model.Volume) bool {
		vd, ok := d.Volume(v.Number)
		return ok && tooEarly(w, d, vd, r, v)
	})
}

// Joining tells whether a replica takes no part in replication yet, because there are
// nodes that must know of it first. A kernel that does not would not give it what is
// written there.
func Joining(r *model.Resource) bool {
	return r.DRBD != nil && r.DRBD.Parted && r.Deleting == nil && !r.Inactive
}

// KeepsFrom tells whether a replica must not connect to another one for now.
func KeepsFrom(r, o *model.Resource) bool {
	return slices.Contains(r.DRBD.Unaware, o.Node) || slices.Contains(r.DRBD.Untold, o.Node)
}

// Votes tells whether DRBD on the other nodes counts a vote for the disk of a replica. One
// that is inactive keeps its place in their metadata.
func Votes(r *model.Resource) bool {
	return isMember(r) && !disklessForPeers(r) || r.DRBD != nil && r.Inactive && r.Deleting == nil && !Diskless(r)
}

// isMember tells whether DRBD on the other nodes shall know a replica. One that leaves
// is known until it has let go: it may have come into use again, and what is written
// there until it lets go must reach the others.
func isMember(r *model.Resource) bool {
	if r.DRBD == nil || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return false
	}
	return !r.DRBD.Parted || r.Deleting == nil && !r.Inactive && !r.DRBD.Held
}

// member is a replica as a member of the DRBD resource.
func (s *scope) member(m *replica, diskless bool) link.DRBDNode {
	n := link.DRBDNode{Name: m.r.Node, Uname: m.r.Node, NodeID: m.r.DRBD.NodeID, Diskless: diskless,
		Client: diskless && m.r.DRBD.Client}
	if len(m.r.DRBD.Ports) > 0 {
		n.Port = m.r.DRBD.Ports[0]
	}
	if m.node == nil {
		return n
	}
	n.Name = m.node.Name
	n.Uname = m.node.Name
	if u := m.node.Props[keyUname]; u != "" {
		n.Uname = u
	}
	n.Address, n.Outside = m.address()
	return n
}

func skipDisk(m *replica) bool {
	levels := make([]level, 0, len(m.pools)+len(m.options))
	levels = append(append(levels, m.pools...), m.options...)
	v, _ := first(keySkipDisk, levels)
	return isTrue(v)
}

func drbdVolume(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v model.Volume) link.DRBDVolume {
	out := link.DRBDVolume{Number: v.Number, Minor: vd.Minor}
	if bare(r) {
		return out
	}
	out = layout(r, v, vd)
	if ExactSize(w, d) {
		out.ExactKiB = NetKiB(vd, out)
	}
	if Diskless(r) {
		return out
	}
	out.Start, out.Day0, out.Random = start(vd, r, v), vd.Props[keyCurrentGI], random(v.UUID, r.Deletions)
	// Nobody knows how far the removal has come, and peers have all data.
	out.Anew = r.Toggle == model.ToggleAdding && r.Removals > 0 && out.Start == string(layer.StartFull)
	if vd.Resize != nil && vd.Resize.Node != "" && model.Key(vd.Resize.Node) == model.Key(r.Node) {
		out.GrowKiB, out.GrowClean = DeviceKiB(w, d, vd), growsClean(w, d, vd.Number)
	}
	return out
}

// DeviceKiB is the size of DRBD's device on all nodes. Metadata of different size leaves
// the smallest one, where the definition has the size of the storage.
func DeviceKiB(w *model.World, d *model.Definition, vd model.VolumeDefinition) int64 {
	out := int64(0)
	for r := range w.Resources.Under(d.Name) {
		v, has := r.Volume(vd.Number)
		if !has || r.DRBD == nil || r.Deleting != nil || disklessForPeers(r) {
			continue
		}
		if n := NetKiB(vd, layout(r, v, vd)); out == 0 || n < out {
			out = n
		}
	}
	if out == 0 {
		return vd.SizeKiB
	}
	return out
}

// layout is the part of the instruction that lays out a volume's metadata.
func layout(r *model.Resource, v model.Volume, vd model.VolumeDefinition) link.DRBDVolume {
	out := link.DRBDVolume{Number: v.Number, Minor: vd.Minor, Peers: r.DRBD.PeerSlots}
	for _, p := range v.Parts {
		out.ExternalMeta = out.ExternalMeta || p.Suffix == MetaSuffix
	}
	return out
}

// LowerKiB is the size that the device below DRBD must have on a replica's node for a
// DRBD device of netKiB.
func LowerKiB(vd model.VolumeDefinition, r *model.Resource, netKiB int64) int64 {
	v, _ := r.Volume(vd.Number)
	l := layout(r, v, vd)
	if l.ExternalMeta {
		return netKiB
	}
	gross, err := layer.GrossKiB(netKiB, layer.MetaLayout{Peers: l.Peers})
	if err != nil {
		return netKiB
	}
	return gross
}

// NetKiB is the size of DRBD's device for a volume definition. Where the definition
// has the size of the storage, the metadata of the replica takes its part of it.
func NetKiB(vd model.VolumeDefinition, v link.DRBDVolume) int64 {
	if !vd.Gross || v.ExternalMeta {
		return vd.SizeKiB
	}
	net, err := layer.NetKiB(vd.SizeKiB, layer.MetaLayout{Peers: v.Peers, ALStripes: v.ALStripes,
		ALStripeSizeKiB: v.ALStripeKiB, BitmapBlockKiB: v.BitmapBlockKiB})
	if err != nil {
		return 0
	}
	return net
}

// ExactSize tells whether property ExactSize is in force for a definition.
func ExactSize(w *model.World, d *model.Definition) bool {
	v, ok := d.Props[KeyExactSize]
	if g, has := w.Groups.Get(d.Group); has && !ok {
		v = g.Props[KeyExactSize]
	}
	return isTrue(v)
}

// ExactKiB is the size in KiB that a replica's DRBD device has while property ExactSize
// is in force.
func ExactKiB(vd model.VolumeDefinition, r *model.Resource, v model.Volume) int64 {
	return NetKiB(vd, layout(r, v, vd))
}

// start says how new metadata begins. The winner begins like those that are known to
// hold the same: if it is late, the others may be in use before it appears, and a
// generation of its own would then be a split brain. Only where it is made anew after
// a deletion nobody must take it for what it was before. A volume that has had data
// takes it from its peers then, for the disk is empty.
func start(vd model.VolumeDefinition, r *model.Resource, v model.Volume) string {
	switch {
	case vd.Initialized && r.Toggle == model.ToggleAdding:
		return string(layer.StartFull)
	case v.Start != string(layer.StartWinner):
		return v.Start
	case r.Deletions == 0:
		return string(layer.StartSkip)
	case vd.Initialized:
		return string(layer.StartFull)
	}
	return v.Start
}

// random makes the winner's first generation identifier: another one for each volume
// and each time that it may be made anew, so that two never look like the same data.
func random(uuid string, deletions int) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte(uuid + "/" + strconv.Itoa(deletions) + "/" + strconv.Itoa(n)))
		// 4 marks metadata that was never used; the lowest bit is for the role.
		if id := binary.BigEndian.Uint64(sum[:]) &^ 1; id != 0 && id != uint64(layer.JustCreated) {
			return fmt.Sprintf("%016X", id)
		}
	}
}

// growsClean tells whether the new part of a volume is known to read as zeroes on all
// nodes, so that it needs no resync.
func growsClean(w *model.World, d *model.Definition, number int) bool {
	for r := range w.Resources.Under(d.Name) {
		v, ok := r.Volume(number)
		if !ok || disklessForPeers(r) {
			continue
		}
		if !ZeroedNew(w, r.Node, v.Pool, r.Stack) {
			return false
		}
	}
	return true
}

// ZeroedNew tells whether new storage of a pool reads as zeroes through the layers of
// a stack below DRBD.
func ZeroedNew(w *model.World, node, pool string, stack []v1.LayerType) bool {
	for _, l := range stack {
		if l != v1.LayerTypeDrbd && l != v1.LayerTypeStorage {
			return false
		}
	}
	p, ok := w.Pools.Get(node, pool)
	return ok && !p.Diskless() && (p.Thin() || p.Kind == v1.ProviderKindZfs)
}
