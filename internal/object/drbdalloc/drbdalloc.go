// Package drbdalloc gives replicas and volumes the numbers that DRBD needs: node ids,
// TCP ports, minor numbers, the shared secret, and how new metadata begins. Creating,
// autoplacing and making available go through it.
//
// Invariant: a number is free again only when the replica or volume that had it is
// gone from the cluster, not when its deletion is ordered; a node id moreover only when
// no peer keeps metadata under it any more.
package drbdalloc

import (
	"cmp"
	"maps"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// Keys of properties that allocation reads and writes.
const (
	keyPorts       = "TcpPortAutoRange"
	keyBlocked     = "TcpPortsBlocked"
	keyMinors      = "MinorNrAutoRange"
	keyPeerSlots   = "PeerSlotsNewResource"
	keyOwnSlots    = "PeerSlots"
	keyForced      = "DrbdOptions/ForceInitialSync"
	keyForcedOnce  = "DrbdOptions/ForceInitialSyncPermanent"
	keyMetaPool    = "StorPoolNameDrbdMeta"
	metaIsInternal = ".internal"

	// KeyWinner names the node whose replica starts with valid data.
	KeyWinner = "Linstor/Drbd/InitialUptoDateOn"
)

// Request is what somebody wants for a new replica; the zero value leaves it open.
type Request struct {
	NodeID *int
	// Ports are the TCP ports on the node; PortCount asks for so many free ones.
	Ports     []int
	PortCount int
	// Client replicas are diskless and have no vote.
	Client bool
	// With are the nodes that get a replica in the same step, so that all of them get
	// one port where possible.
	With []string
}

// Replica completes a replica that is about to be stored, if its stack has DRBD, and
// stores what its definition lacked. It answers the definition as it is now.
func Replica(tx *model.Tx, d *model.Definition, r *model.Resource, in Request) (*model.Definition, error) {
	if !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return d, nil
	}
	d, err := definition(tx, d)
	if err != nil {
		return nil, err
	}
	own := &model.ReplicaDRBD{PeerSlots: PeerSlots(tx.World, d, r.Props), Client: in.Client && r.Diskless != model.Diskful}
	if own.NodeID, err = nodeID(tx, d, in.NodeID); err != nil {
		return nil, err
	}
	if own.Ports, err = ports(tx.World, d, r.Node, in); err != nil {
		return nil, err
	}
	r.DRBD = own
	if r.Diskless != model.Diskful {
		return d, nil
	}
	if err := checkSlots(tx.World, d, r); err != nil {
		return nil, err
	}
	for i := range r.Volumes {
		if d, err = begin(tx, d, r, &r.Volumes[i], in.With); err != nil {
			return nil, err
		}
		own.Parted = own.Parted || late(tx, d, r.Volumes[i])
	}
	return d, nil
}

// definition gives a definition its secret and minor numbers where it has none yet.
func definition(tx *model.Tx, d *model.Definition) (*model.Definition, error) {
	next := *d
	changed := false
	if next.DRBD.Secret == "" && tx.Secret != nil {
		next.DRBD.Secret, changed = tx.Secret(), true
	}
	if forced(tx.World, d) && d.Props[keyForcedOnce] == "" {
		next.Props, changed = with(d.Props, keyForcedOnce, "true"), true
	}
	for i := range d.Volumes {
		if d.Volumes[i].Minor >= 0 || d.Volumes[i].Deleting != nil {
			continue
		}
		minor, err := freeMinor(tx.World)
		if err != nil {
			return nil, err
		}
		// Each number counts as taken before the next one is looked for.
		next.Volumes = append([]model.VolumeDefinition(nil), next.Volumes...)
		next.Volumes[i].Minor = minor
		stored := next
		tx.PutDefinition(&stored)
		changed = true
	}
	if !changed {
		return d, nil
	}
	tx.PutDefinition(&next)
	return &next, nil
}

// Minor is the minor number of a new volume: the wanted one, or a free one where the
// definition's stack is known to have DRBD, else −1.
func Minor(w *model.World, d *model.Definition, wanted *int) (int, error) {
	switch {
	case wanted != nil:
		if f := name.CheckMinor(*wanted); f != nil {
			return 0, f
		}
		if w.MinorUsed(*wanted) {
			return 0, fault.New(v1.FailInvalidMinorNumber, "DRBD minor number %d is in use.", *wanted).
				Because("field 'drbd_minor_number': another volume of the cluster has it").
				Fix("Leave it out to get a free one, or choose another; %d is free.", w.FreeMinor(*wanted))
		}
		return *wanted, nil
	case model.HasLayer(d.Stack, v1.LayerTypeDrbd):
		return freeMinor(w)
	}
	return -1, nil
}

func freeMinor(w *model.World) (int, error) {
	rs := rangesOf(w.Props()[keyMinors], name.DefaultMinors(), 0, name.MaxMinor)
	n, ok := lowest(rs, nil, w.FreeMinor)
	if !ok {
		return 0, fault.New(v1.FailPoolExhaustedMinorNumber, "There is no free DRBD minor number.").
			Because("all numbers of the range %s are in use by volumes", rs).
			Fix("Widen property '%s' of the controller, or delete volumes.", keyMinors)
	}
	return n, nil
}

// rangesOf reads a property; a stored value that no longer parses counts as absent.
func rangesOf(text string, fallback name.Ranges, low, high int) name.Ranges {
	if text == "" {
		return fallback
	}
	rs, err := name.ParseRanges(text, low, high)
	if err != nil {
		return fallback
	}
	return rs
}

// lowest finds the lowest number of a set that is free and not blocked; free answers
// the next free number from one on.
func lowest(rs, blocked name.Ranges, free func(int) int) (int, bool) {
	for _, r := range rs {
		n := r.Min
		for n <= r.Max {
			next := free(n)
			for _, b := range blocked {
				if next >= b.Min && next <= b.Max {
					next = b.Max + 1
				}
			}
			if next == n {
				return n, true
			}
			n = next
		}
	}
	return 0, false
}

// PeerSlots is how many peers the metadata of a new replica has room for. props are
// the replica's own.
func PeerSlots(w *model.World, d *model.Definition, props map[string]string) int {
	levels := []string{props[keyOwnSlots]}
	if d.DRBD.PeerSlots > 0 {
		return cmp.Or(number(levels[0]), d.DRBD.PeerSlots)
	}
	levels = append(levels, d.Props[keyPeerSlots])
	own := 0
	if g, ok := w.Groups.Get(d.Group); ok {
		own = g.PeerSlots
		levels = append(levels, g.Props[keyPeerSlots])
	}
	levels = append(levels, w.Props()[keyPeerSlots])
	if n := number(levels[0]); n > 0 {
		return n
	}
	if own > 0 {
		return own
	}
	for _, l := range levels[1:] {
		if n := number(l); n > 0 {
			return n
		}
	}
	return drbd.DefaultPeers
}

// number reads a property; 0 for none.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > name.MaxPeerSlots {
		return 0
	}
	return n
}

// checkSlots checks that the metadata of every disk has room for all the others.
func checkSlots(w *model.World, d *model.Definition, r *model.Resource) error {
	disks := []*model.Resource{r}
	for o := range w.Resources.Under(d.Name) {
		if o.DRBD != nil && o.Deleting == nil && (o.Diskless == model.Diskful || o.Toggle != model.ToggleNone) && model.Key(o.Node) != model.Key(r.Node) {
			disks = append(disks, o)
		}
	}
	for _, o := range disks {
		if o.DRBD.PeerSlots >= len(disks)-1 {
			continue
		}
		return fault.New(v1.FailInsufficientPeerSlots, "Resource '%s' cannot get another diskful replica on node '%s'.", d.Name, r.Node).
			Because("the replica on node '%s' has metadata for %d peers, and %d others would have a disk", o.Node, o.DRBD.PeerSlots, len(disks)-1).
			Fix("Create a diskless replica, or raise 'drbd_peer_slots' (--peer-slots) and create the replicas with too few slots anew.").
			Ref("RscDfn", d.Name).Ref("Node", o.Node)
	}
	return nil
}

func nodeID(tx *model.Tx, d *model.Definition, wanted *int) (int, error) {
	taken := map[int]string{}
	// The id of a replica that goes with this very change is not free either: the peers
	// are only told to forget it at the end of the change.
	for r := range tx.Base().Resources.Under(d.Name) {
		if r.DRBD != nil {
			taken[r.DRBD.NodeID] = "the replica on node '" + r.Node + "' had it until now"
		}
	}
	for r := range tx.Resources.Under(d.Name) {
		if r.DRBD == nil {
			continue
		}
		taken[r.DRBD.NodeID] = "the replica on node '" + r.Node + "' has it"
		for _, id := range r.DRBD.Forget {
			if taken[id] == "" {
				taken[id] = "the metadata on node '" + r.Node + "' still has a former peer of that id"
			}
		}
	}
	if wanted != nil {
		if f := name.CheckNodeID(*wanted); f != nil {
			return 0, f
		}
		if why := taken[*wanted]; why != "" {
			return 0, fault.New(v1.FailInvalidNodeID, "DRBD node id %d of resource '%s' is in use.", *wanted, d.Name).
				Because("field 'drbd_node_id': %s", why).Fix("Leave it out to get a free one.").Ref("RscDfn", d.Name)
		}
		return *wanted, nil
	}
	for id := range name.MaxNodeID + 1 {
		if taken[id] == "" {
			return id, nil
		}
	}
	return 0, fault.New(v1.FailPoolExhaustedNodeID, "Resource '%s' cannot get another replica.", d.Name).
		Because("all %d node ids that DRBD has are in use", name.MaxNodeID+1).Fix("Delete a replica first.").Ref("RscDfn", d.Name)
}

func with(props map[string]string, key, value string) map[string]string {
	out := maps.Clone(props)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}
