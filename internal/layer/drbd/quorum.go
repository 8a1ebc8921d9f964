package drbd

import (
	"cmp"
	"fmt"
	"slices"
)

// Member is one replica as the rules for quorum see it.
type Member struct {
	Node string
	// Diskless has no disk, or is about to lose it; Client has no vote either.
	Diskless   bool
	Client     bool
	Tiebreaker bool
	// Leaving tells of a Diskless one that its disk may still be there, also where its
	// removal was taken back and it is about to get one.
	Leaving bool
	// Deleting and Inactive replicas do not count.
	Deleting bool
	Inactive bool
	// InUse is a replica whose device something uses.
	InUse  bool
	Online bool
	// Kernel is the version of DRBD on the node; unknown while it is not connected.
	Kernel Version
}

func (m *Member) counts() bool { return !m.Deleting && !m.Inactive }

// QuorumSetBy says who decides about DRBD's quorum.
type QuorumSetBy string

// Deciders about quorum.
const (
	QuorumByRules QuorumSetBy = "rules"
	QuorumByUser  QuorumSetBy = "user"
)

// QuorumInput is what the rules go by.
type QuorumInput struct {
	Resource string
	Members  []Member
	SetBy    QuorumSetBy
	// UserValue is what the user has set; empty for nothing.
	UserValue string
	// Current is the value that the definition has now; empty for none.
	Current string
	// AutoTiebreaker is DrbdOptions/auto-add-quorum-tiebreaker.
	AutoTiebreaker bool
}

// Values of DRBD's option quorum.
const (
	QuorumMajority = "majority"
	QuorumOff      = "off"
)

// QuorumDecision is the value of the option quorum, with the reason.
type QuorumDecision struct {
	Value string
	// Changed tells that the definition has another value now.
	Changed bool
	Why     string
}

type count struct {
	diskful, voters, tiebreakers int
	// leaving are disks that are about to go; their nodes are counted as without one.
	leaving []string
	// old is a node whose DRBD has no usable quorum.
	old *Member
}

func tally(members []Member) count {
	var c count
	for i := range members {
		m := &members[i]
		if !m.counts() {
			continue
		}
		if m.Leaving {
			c.leaving = append(c.leaving, m.Node)
		}
		switch {
		case !m.Diskless:
			c.diskful++
		case m.Client:
		case m.Tiebreaker:
			c.tiebreakers++
		default:
			c.voters++
		}
		if m.Kernel.Known() && !m.Kernel.AtLeast(firstQuorum) && c.old == nil {
			c.old = m
		}
	}
	return c
}

// there are the members with the disks that there are now, those that are about to go
// included.
func there(members []Member) []Member {
	out := slices.Clone(members)
	for i := range out {
		m := &out[i]
		m.Diskless = m.Diskless && !m.Leaving
	}
	return out
}

// Quorum decides on DRBD's quorum: it is possible with three disks, or with two
// and somebody who can break the tie. A disk counts until it is gone: without quorum its
// node, cut off from the others, could be used with what is old.
func Quorum(in QuorumInput) QuorumDecision {
	c := tally(there(in.Members))
	votes := c.voters + c.tiebreakers
	d := QuorumDecision{Value: QuorumOff}
	switch {
	case in.SetBy == QuorumByUser:
		d.Value = cmp.Or(in.UserValue, QuorumMajority)
		d.Why = fmt.Sprintf("Quorum of resource '%s' is %s, because a user has set it; the rules leave it alone.", in.Resource, d.Value)
	case c.old != nil:
		d.Why = fmt.Sprintf("Quorum of resource '%s' is off, because node '%s' has DRBD %s; %s or newer is needed.", in.Resource, c.old.Node, c.old.Kernel, firstQuorum)
	case c.diskful >= 3:
		d.Value = QuorumMajority
		d.Why = fmt.Sprintf("Quorum of resource '%s' is majority: %d replicas with disks can outvote one that is cut off.", in.Resource, c.diskful)
	case c.diskful == 2 && votes >= 1:
		d.Value = QuorumMajority
		d.Why = fmt.Sprintf("Quorum of resource '%s' is majority: with two disks, a diskless node breaks the tie.", in.Resource)
	case c.diskful == 2:
		d.Why = fmt.Sprintf("Quorum of resource '%s' is off: with two disks and nobody to break a tie, the loss of either would stop all writes.", in.Resource)
	default:
		d.Why = fmt.Sprintf("Quorum of resource '%s' is off: it has %s, and at least two and a third vote are needed.", in.Resource, withDisks(c.diskful))
	}
	d.Changed = in.Current != d.Value
	return d
}

// TiebreakerAction is what has to be done about the tiebreaker.
type TiebreakerAction string

// Actions on tiebreakers.
const (
	TiebreakerKeep     TiebreakerAction = "keep"
	TiebreakerCreate   TiebreakerAction = "create"
	TiebreakerDelete   TiebreakerAction = "delete"
	TiebreakerTakeOver TiebreakerAction = "take over"
	// TiebreakerPromote makes an ordinary diskless replica of one that is in use.
	TiebreakerPromote TiebreakerAction = "promote"
)

// TiebreakerDecision is one action, with the reason.
type TiebreakerDecision struct {
	Action TiebreakerAction
	// Node is the replica concerned; empty for create, where placement chooses.
	Node string
	// ToDiskless tells that a replica which takes over has to give up its disk.
	ToDiskless bool
	Why        string
}

// TiebreakerWanted tells whether a resource should have a tiebreaker, and why.
func TiebreakerWanted(in QuorumInput) (bool, string) {
	c := tally(in.Members)
	switch {
	case !in.AutoTiebreaker:
		return false, "tiebreakers are not added automatically (DrbdOptions/auto-add-quorum-tiebreaker)"
	case in.SetBy == QuorumByUser && cmp.Or(in.UserValue, QuorumMajority) == QuorumOff:
		return false, "a user has switched quorum off"
	case c.old != nil:
		return false, fmt.Sprintf("node '%s' has DRBD %s, which has no usable quorum", c.old.Node, c.old.Kernel)
	case c.diskful < 2:
		return false, fmt.Sprintf("it has %s, which cannot be split into equal halves", withDisks(c.diskful))
	case c.diskful%2 != 0:
		return false, fmt.Sprintf("it has %s, an odd number, of which one side always has more", withDisks(c.diskful))
	case c.voters > 0:
		return false, "a diskless replica breaks the tie already"
	}
	return true, fmt.Sprintf("it has %s, an even number, which can be split into equal halves", withDisks(c.diskful))
}

// Tiebreaker decides what is to be done next. It is asked again after each change.
func Tiebreaker(in QuorumInput) TiebreakerDecision {
	members := slices.SortedFunc(slices.Values(in.Members), func(a, b Member) int { return cmp.Compare(a.Node, b.Node) })
	if i := slices.IndexFunc(members, func(m Member) bool { return m.Tiebreaker && m.counts() && m.InUse }); i >= 0 {
		return TiebreakerDecision{Action: TiebreakerPromote, Node: members[i].Node,
			Why: fmt.Sprintf("The tiebreaker of resource '%s' on node '%s' is in use, so it is an ordinary diskless replica from now on.", in.Resource, members[i].Node)}
	}
	wanted, why := TiebreakerWanted(in)
	var have []Member
	for _, m := range members {
		if m.Tiebreaker && m.counts() {
			have = append(have, m)
		}
	}
	switch {
	case wanted && len(have) == 0:
		return missing(in, members, why)
	case wanted && len(have) == 1:
		return TiebreakerDecision{Action: TiebreakerKeep, Node: have[0].Node, Why: fmt.Sprintf("Resource '%s' keeps its tiebreaker: %s.", in.Resource, why)}
	case len(have) == 0:
		return TiebreakerDecision{Action: TiebreakerKeep, Why: fmt.Sprintf("Resource '%s' needs no tiebreaker: %s.", in.Resource, why)}
	}
	if going := tally(members).leaving; len(going) > 0 && !wanted {
		return TiebreakerDecision{Action: TiebreakerKeep, Node: have[0].Node,
			Why: fmt.Sprintf("Resource '%s' keeps its tiebreaker until the disk on node '%s' is gone.", in.Resource, going[0])}
	}
	return surplus(in, have, wanted, why)
}

// missing looks for a replica that is being deleted and can take over, so that
// nothing has to be placed.
func missing(in QuorumInput, members []Member, why string) TiebreakerDecision {
	leaving := slices.DeleteFunc(slices.Clone(members), func(m Member) bool { return !m.Deleting || m.Inactive || m.Client || !m.Online })
	// A diskless one only loses its mark; one with a disk has to give it up.
	slices.SortStableFunc(leaving, func(a, b Member) int { return cmp.Compare(rank(a), rank(b)) })
	if len(leaving) == 0 {
		return TiebreakerDecision{Action: TiebreakerCreate, Why: fmt.Sprintf("Resource '%s' gets a tiebreaker: %s.", in.Resource, why)}
	}
	m := leaving[0]
	return TiebreakerDecision{Action: TiebreakerTakeOver, Node: m.Node, ToDiskless: !m.Diskless, Why: fmt.Sprintf(
		"The replica of resource '%s' on node '%s' becomes the tiebreaker instead of being deleted: %s.", in.Resource, m.Node, why)}
}

func rank(m Member) int {
	if m.Diskless {
		return 0
	}
	return 1
}

// surplus deletes a tiebreaker that is not needed, if its node can be reached.
func surplus(in QuorumInput, have []Member, wanted bool, why string) TiebreakerDecision {
	if wanted {
		why = "it has another one"
		// The first one that is online stays.
		slices.SortStableFunc(have, func(a, b Member) int { return cmp.Compare(offline(a), offline(b)) })
		have = have[1:]
	}
	for _, m := range have {
		if m.Online {
			return TiebreakerDecision{Action: TiebreakerDelete, Node: m.Node,
				Why: fmt.Sprintf("The tiebreaker of resource '%s' on node '%s' is deleted: %s.", in.Resource, m.Node, why)}
		}
	}
	return TiebreakerDecision{Action: TiebreakerKeep, Node: have[0].Node, Why: fmt.Sprintf(
		"The tiebreaker of resource '%s' on node '%s' is not needed (%s), but stays until the node is online.", in.Resource, have[0].Node, why)}
}

func offline(m Member) int {
	if m.Online {
		return 0
	}
	return 1
}

func withDisks(n int) string {
	if n == 1 {
		return "1 replica with a disk"
	}
	return fmt.Sprintf("%d replicas with disks", n)
}
