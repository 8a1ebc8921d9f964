package drbd

import (
	"maps"
	"slices"
	"time"
)

// diskNegotiating is the state of a disk that was attached while peers are connected,
// until each of them has said how its data relates to that on the disk.
const diskNegotiating = "Negotiating"

// How long DRBD may take for what it does in a moment. A bitmap may be large. A resync moves
// at least a few times a second, however slow it is.
const (
	negotiationPatience = 5 * time.Second
	bitmapPatience      = 5 * time.Minute
	resyncPatience      = time.Minute
)

// held stands for a resource whose I/O is suspended for want of data or quorum.
var held = Stall{Volume: -1, Peer: ownDisk}

// ownDisk stands for the volume itself in Stall.Peer.
const ownDisk = -1

// Stall is a step of DRBD that does not end by itself. DRBD 9 loses the answer of a
// peer that comes before the own disk is ready for it: the disk stays Negotiating then,
// its device blocked, and the peer waits for ever with its bitmap. DRBD 9.3.3 may also stop
// asking for blocks where a resync from one peer takes over from that with another. Losing a
// connection makes DRBD start over.
type Stall struct {
	Volume int
	// Peer is the node id of the peer whose bitmap does not come or go, or whose blocks do
	// not come; −1 for a disk that negotiates.
	Peer int
	// LeftKiB is what a resync still has to get, and has had to for all that time; 0 where
	// it is about something else.
	LeftKiB int64
}

// stalls remembers since when scans have seen what may be a stall, by resource.
type stalls map[string]map[Stall]time.Time

// update takes over what a scan has seen; what it has not seen any more is over.
func (s stalls) update(states map[string]State, now time.Time) stalls {
	next := stalls{}
	for name, state := range states {
		seen := passing(state)
		maps.Copy(seen, resyncs(state))
		for x := range seen {
			since, known := s[name][x]
			if !known {
				since = now
			}
			if next[name] == nil {
				next[name] = map[Stall]time.Time{}
			}
			next[name][x] = since
		}
	}
	return next
}

// passing are the states of a resource that do not last when all is well.
func passing(s State) map[Stall]bool {
	out := map[Stall]bool{}
	if s.Suspended.NoData || s.Suspended.Quorum {
		out[held] = true
	}
	for n, d := range s.Devices {
		if d.Disk == diskNegotiating {
			out[Stall{Volume: n, Peer: ownDisk}] = true
		}
	}
	for id, l := range s.Connections {
		for n, p := range l.Volumes {
			if l.Connection == Connected && slices.Contains([]string{"WFBitMapS", "WFBitMapT", "WFSyncUUID"}, p.Replication) {
				out[Stall{Volume: n, Peer: id}] = true
			}
		}
	}
	return out
}

// resyncs are the resyncs by which a resource gets data, and how far they are: what does not
// move stays the same.
func resyncs(s State) map[Stall]bool {
	out := map[Stall]bool{}
	for id, l := range s.Connections {
		for n, p := range l.Volumes {
			if l.Connection == Connected && p.Replication == "SyncTarget" && p.ResyncSuspended == "no" && p.OutOfSyncKiB > 0 {
				out[Stall{Volume: n, Peer: id, LeftKiB: p.OutOfSyncKiB}] = true
			}
		}
	}
	return out
}

// forgetStall waits with another try as long as with the first one.
func (l *Layer) forgetStall(resource string, x Stall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.stalls[resource], x)
}

// noteStalls remembers what a scan has seen.
func (l *Layer) noteStalls(states map[string]State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stalls = l.stalls.update(states, time.Now())
}

// stalled answers what has lasted for too long, disks first.
func (l *Layer) stalled(resource string) []Stall {
	l.mu.Lock()
	seen := maps.Clone(l.stalls[resource])
	l.mu.Unlock()
	now := time.Now()
	maps.DeleteFunc(seen, func(x Stall, since time.Time) bool {
		return now.Sub(since) < x.patience()
	})
	return slices.SortedFunc(maps.Keys(seen), func(a, b Stall) int {
		if a.Peer != b.Peer {
			return a.Peer - b.Peer
		}
		return a.Volume - b.Volume
	})
}

func (x Stall) patience() time.Duration {
	switch {
	case x.LeftKiB > 0:
		return resyncPatience
	case x.Peer == ownDisk && x != held:
		return negotiationPatience
	}
	return bitmapPatience
}
