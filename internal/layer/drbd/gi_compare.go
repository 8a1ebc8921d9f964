package drbd

import (
	"fmt"
	"slices"
)

// Relation says how the data of two replicas relates by their identifiers.
type Relation string

// Relations of two replicas.
const (
	// RelationSame: both have the same data, but for writes that were in flight.
	RelationSame Relation = "same"
	// RelationAhead: one has all that the other has, and more.
	RelationAhead Relation = "ahead"
	// RelationNew: at least one has never had data.
	RelationNew Relation = "new"
	// RelationSplitBrain: both were written to without the other.
	RelationSplitBrain Relation = "split brain"
	// RelationUnrelated: there is no common past.
	RelationUnrelated Relation = "unrelated"
)

// Replica is what is known of one replica's identifiers towards the other.
type Replica struct {
	Node string
	GI   GI
}

// Of takes the identifiers towards a peer from metadata.
func (m Metadata) Of(node string, peerID int) Replica {
	return Replica{node, GI{Current: m.Current, Bitmap: m.Bitmap[peerID], History: m.History}}
}

// Comparison is the relation of two replicas.
type Comparison struct {
	Relation Relation
	// Ahead is the node that has the newer data; empty where neither has.
	Ahead string
	// Full tells that a resync has to copy everything.
	Full bool
	// Words say it to a person.
	Words string
}

// Compare finds out how the data of two replicas relates.
func Compare(a, b Replica) Comparison {
	x, y := normal(a.GI), normal(b.GI)
	switch {
	case x.Current == JustCreated && y.Current == JustCreated:
		return Comparison{Relation: RelationNew, Full: true,
			Words: fmt.Sprintf("Neither %s nor %s has ever had data; one of them has to be named as the source.", a.Node, b.Node)}
	case x.Current == JustCreated:
		return fromScratch(b.Node, a.Node)
	case y.Current == JustCreated:
		return fromScratch(a.Node, b.Node)
	case x.Current == y.Current:
		return Comparison{Relation: RelationSame, Words: fmt.Sprintf("%s and %s have the same data.", a.Node, b.Node)}
	case x.Bitmap == y.Current:
		return ahead(a.Node, b.Node, false)
	case y.Bitmap == x.Current:
		return ahead(b.Node, a.Node, false)
	case slices.Contains(x.History, y.Current):
		return ahead(a.Node, b.Node, true)
	case slices.Contains(y.History, x.Current):
		return ahead(b.Node, a.Node, true)
	case x.Bitmap != 0 && x.Bitmap == y.Bitmap:
		return split(a.Node, b.Node, false)
	case slices.ContainsFunc(past(x), func(u UUID) bool { return slices.Contains(past(y), u) }):
		return split(a.Node, b.Node, true)
	}
	return Comparison{Relation: RelationUnrelated, Full: true, Words: fmt.Sprintf(
		"%s and %s have no data generation in common. They do not belong together, or the metadata of one was made anew; DRBD will not connect them.", a.Node, b.Node)}
}

// normal leaves out what does not count: the bit for the role, and empty fields.
func normal(g GI) GI {
	out := GI{Current: g.Current.plain(), Bitmap: g.Bitmap.plain()}
	for _, u := range g.History {
		if u.plain() != 0 {
			out.History = append(out.History, u.plain())
		}
	}
	return out
}

// past are the generations before the current one.
func past(g GI) []UUID {
	if g.Bitmap == 0 {
		return g.History
	}
	return append([]UUID{g.Bitmap}, g.History...)
}

func fromScratch(source, target string) Comparison {
	return Comparison{Relation: RelationNew, Ahead: source, Full: true,
		Words: fmt.Sprintf("%s has never had data and gets all of it from %s.", target, source)}
}

func ahead(source, target string, full bool) Comparison {
	how := "a resync of the changed blocks brings it up to date"
	if full {
		how = "too much has happened in between, so a full resync is needed"
	}
	return Comparison{Relation: RelationAhead, Ahead: source, Full: full,
		Words: fmt.Sprintf("%s has newer data than %s; %s.", source, target, how)}
}

func split(a, b string, full bool) Comparison {
	return Comparison{Relation: RelationSplitBrain, Full: full, Words: fmt.Sprintf(
		"Split brain: %s and %s were both written to while they could not see each other. The changes of one of them have to be given up; nobody but you can say which.", a, b)}
}
