package drbd

import (
	"fmt"
	"strconv"
	"strings"
)

// UUID is a data generation identifier of DRBD. Its lowest bit tells whether the
// data was in use as primary, and is of no matter when two are compared.
type UUID uint64

// JustCreated is the current identifier of metadata that has never been used.
const JustCreated UUID = 4

// ParseUUID reads hexadecimal digits, with or without 0x.
func ParseUUID(s string) (UUID, error) {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(s), "0x"), "0X")
	n, err := strconv.ParseUint(s, 16, 64)
	if err != nil {
		return 0, fmt.Errorf("generation identifier %q: want up to 16 hexadecimal digits", brief(s))
	}
	return UUID(n), nil
}

// String is the spelling of DRBD's tools.
func (u UUID) String() string { return fmt.Sprintf("%016X", uint64(u)) }

// plain is the identifier without the bit for the role.
func (u UUID) plain() UUID { return u &^ 1 }

// usable tells whether an identifier can be given to new metadata.
func (u UUID) usable() bool { return u.plain() == u && u != 0 && u != JustCreated }

// Flags are those that show-gi and get-gi print behind the identifiers.
type Flags struct {
	Consistent, UpToDate, Primary, CrashedPrimary, ALClean, ALDisabled, PrimaryLostQuorum bool
	Connected, PeerOutdated, PeerFencing, FullSync, PeerDeviceSeen                        bool
}

// GI are the generation identifiers of a volume towards one peer.
type GI struct {
	Current, Bitmap UUID
	// History has older current identifiers, youngest first.
	History []UUID
	Flags   Flags
}

// Start says how new metadata begins.
type Start string

// Ways to begin.
const (
	// StartWinner is the one replica that has the volume's first data.
	StartWinner Start = "winner"
	// StartSkip is a replica that is known to hold the same as the winner at the
	// beginning, such as a thin volume that reads as zeroes.
	StartSkip Start = "skip"
	// StartFull gets all data from a peer.
	StartFull Start = "full"
)

// setGI is the argument of drbdmeta set-gi for one node id.
type setGI struct {
	NodeID int
	Arg    string
}

// startGIs are the identifiers to write, in order. The local node's comes last:
// with it the current identifier is no longer that of metadata just made, so
// whoever finds one that is knows that the work is not done.
//
// Each peer that is known begins with an empty bitmap. For one that is not, the winner's
// history says that what it has is old: it gets all data, and is no stranger.
func startGIs(s Start, nodeID int, peers []int, day0, random UUID) []setGI {
	switch s {
	case StartWinner:
		var out []setGI
		for _, id := range peers {
			out = append(out, setGI{id, fmt.Sprintf(":%s::::", day0)})
		}
		return append(out, setGI{nodeID, fmt.Sprintf("%s:%s:%s::1:1", random, day0, day0)})
	case StartSkip:
		// Only the current identifier counts, and it is the same for all node ids.
		return []setGI{{nodeID, fmt.Sprintf("%s::::1:1", day0)}}
	}
	return nil
}

// current is the current identifier that a start leads to.
func (s Start) current(day0, random UUID) UUID {
	switch s {
	case StartWinner:
		return random
	case StartSkip:
		return day0
	}
	return JustCreated
}
