package doctoring

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Order turns what the user has chosen into orders for the replicas. The diagnosis
// must be a fresh one.
func Order(tx *model.Tx, d *model.Definition, found v1.Diagnosis, in v1.DoctorOrder) ([]v1.ApiCallRc, error) {
	switch {
	case in.Survivor != "" && in.Reconnect:
		return nil, fault.New(v1.FailInvalidRequest, "Only one of two ways to join the nodes can be taken.").
			Because("field 'survivor' and field 'reconnect' are both set").Fix("Leave one of them out.")
	case in.Survivor != "":
		return survive(tx, d, found, in)
	case in.Reconnect:
		return reconnect(tx, d, found)
	}
	return nil, fault.New(v1.FailInvalidRequest, "It was not said what is to be done.").
		Because("neither field 'survivor' nor field 'reconnect' is set").
		Fix("Set 'reconnect' to join nodes that have lost nothing, or 'survivor' to the node whose data is kept.")
}

func reconnect(tx *model.Tx, d *model.Definition, found v1.Diagnosis) ([]v1.ApiCallRc, error) {
	if n := Heal(tx, d, found); n > 0 {
		return []v1.ApiCallRc{{RetCode: v1.Modified, Message: fmt.Sprintf("What heals %s without loss of data is done.", inline(d.Name)),
			Details: strings.Join(deeds(found), ", "), ObjRefs: refs(d)}}, nil
	}
	if len(found.Choices) > 0 {
		return nil, fault.New(v1.FailInvalidResourceState, "The nodes of %s cannot be joined without giving up data.", inline(d.Name)).
			Because("%s", words(found)).Fix("Choose the node whose data is kept: %s", commands(found)).Ref("RscDfn", d.Name)
	}
	if slices.ContainsFunc(found.Findings, func(f v1.DoctorFinding) bool {
		return f.Kind == v1.DoctorStandAlone || f.Kind == v1.DoctorUnrelated || f.Kind == v1.DoctorDoubtful
	}) {
		return nil, fault.New(v1.FailInvalidResourceState, "The nodes of %s cannot be joined now.", inline(d.Name)).
			Because("%s", words(found)).Fix("Clear up what is said there, and repeat the command.").Ref("RscDfn", d.Name)
	}
	return []v1.ApiCallRc{{RetCode: v1.WarnNotFound, Message: fmt.Sprintf("No connection of %s is cut off; nothing was done.", inline(d.Name)), ObjRefs: refs(d)}}, nil
}

// Heal orders the safe actions of a diagnosis, and tells how many.
func Heal(tx *model.Tx, d *model.Definition, found v1.Diagnosis) int {
	for _, a := range found.SafeActions {
		if a.Kind != v1.DoctorTrust {
			mark(tx, d.Name, a.Node, a.Peer, false)
			mark(tx, d.Name, a.Peer, a.Node, false)
		}
	}
	for _, a := range found.SafeActions {
		r, ok := tx.Resources.Get(d.Name, a.Node)
		switch {
		case !ok || r.DRBD == nil:
		case a.Kind == v1.DoctorRestart:
			set(tx, r, func(d *model.ReplicaDRBD) { d.Restart = true })
		case a.Kind == v1.DoctorTrust:
			orderTrust(tx, r)
		}
	}
	return len(found.SafeActions)
}

func survive(tx *model.Tx, d *model.Definition, found v1.Diagnosis, in v1.DoctorOrder) ([]v1.ApiCallRc, error) {
	i := slices.IndexFunc(found.Choices, func(c v1.DoctorChoice) bool {
		return slices.ContainsFunc(append([]string{c.Survivor}, c.SameData...), func(n string) bool { return model.Key(n) == model.Key(in.Survivor) })
	})
	if i < 0 {
		return nil, noChoice(d, found, in.Survivor)
	}
	c := found.Choices[i]
	if len(c.Losers) == 0 {
		return trustLast(tx, d, found, c)
	}
	if len(c.InUse) > 0 {
		return nil, fault.New(v1.FailInUse, "%s cannot give up the data of %s.", upper(inline(d.Name)), strings.Join(c.InUse, " and ")).
			Because("it is in use there").Fix("Unmount it or stop what uses it on %s.", strings.Join(c.InUse, " and ")).
			Ref("RscDfn", d.Name).Ref("Node", c.InUse[0])
	}
	if !in.WithoutSnapshot && len(c.NoSnapshot) > 0 {
		return nil, fault.New(v1.FailSnapshotsNotSupported, "Nothing was done: what %s would give up cannot be kept.", strings.Join(c.Losers, " and ")).
			Because("%s Field 'without_snapshot' is not set", strings.Join(c.NoSnapshot, " ")).
			Fix("Save what you need from there; then repeat the command with --without-snapshot. %s", c.Loss).Ref("RscDfn", d.Name)
	}
	if len(replicasOn(tx, d.Name, c.Losers)) != len(c.Losers) {
		return nil, noChoice(d, found, in.Survivor)
	}
	withdraw(tx, d.Name)
	keepers := append([]string{c.Survivor}, c.SameData...)
	out := v1.ApiCallRc{RetCode: v1.Modified, Details: c.Loss, ObjRefs: refs(d),
		Message: fmt.Sprintf("The data of %s on %s is kept; %s takes it over.", inline(d.Name), c.Survivor, strings.Join(c.Losers, " and "))}
	if in.WithoutSnapshot {
		giveUp(tx, d.Name, c.Losers, keepers)
	} else {
		s := keep(tx, d, replicasOn(tx, d.Name, c.Losers), keepers)
		out.Message = fmt.Sprintf("The data of %s on %s is kept; %s takes it over once its own is kept in snapshot '%s'.",
			inline(d.Name), c.Survivor, strings.Join(c.Losers, " and "), s.Name)
		out.ObjRefs["Snapshot"] = s.Name
		out.Details += fmt.Sprintf(" The order stands until the snapshot is made; 'holdfast doctor %s' shows what it waits for.", d.Name)
	}
	// What can be joined without loss goes along.
	Heal(tx, d, found)
	return []v1.ApiCallRc{out}, nil
}

// trustLast orders the last copy to be called up to date.
func trustLast(tx *model.Tx, d *model.Definition, found v1.Diagnosis, c v1.DoctorChoice) ([]v1.ApiCallRc, error) {
	withdraw(tx, d.Name)
	rs := replicasOn(tx, d.Name, []string{c.Survivor})
	if len(rs) == 0 {
		return nil, noChoice(d, found, c.Survivor)
	}
	orderTrust(tx, rs[0])
	return []v1.ApiCallRc{{RetCode: v1.Modified, Details: c.Loss, ObjRefs: refs(d),
		Message: fmt.Sprintf("The data of %s on %s, the last copy, is called up to date.", inline(d.Name), c.Survivor)}}, nil
}

func orderTrust(tx *model.Tx, r *model.Resource) {
	now := tx.Now
	set(tx, r, func(d *model.ReplicaDRBD) { d.Trust, d.RejoinOrdered = true, &now })
}

// giveUp orders losers to discard their data for that of the keepers.
func giveUp(tx *model.Tx, definition string, losers, keepers []string) {
	for _, loser := range losers {
		for _, keeper := range keepers {
			mark(tx, definition, keeper, loser, false)
			mark(tx, definition, loser, keeper, true)
		}
	}
}

// replicasOn finds the replicas on nodes.
func replicasOn(tx *model.Tx, definition string, nodes []string) []*model.Resource {
	var out []*model.Resource
	for _, n := range nodes {
		if r, ok := tx.Resources.Get(definition, n); ok && r.DRBD != nil {
			out = append(out, r)
		}
	}
	return out
}

func noChoice(d *model.Definition, found v1.Diagnosis, node string) error {
	f := fault.New(v1.FailInvalidResourceState, "'%s' cannot be the node whose data of %s is kept.", node, inline(d.Name)).Ref("RscDfn", d.Name)
	if len(found.Choices) == 0 {
		if len(found.SafeActions) > 0 {
			return f.Because("no data has to be given up").Fix("Use 'holdfast doctor %s --reconnect'.", d.Name)
		}
		return f.Because("there is no split brain that giving up data would end. %s", words(found)).
			Fix("See 'holdfast doctor %s'.", d.Name)
	}
	return f.Because("it does not answer, has no good data, or another node has all of its data and more").Fix("Possible are: %s", commands(found))
}

// mark orders a replica to connect to a peer again.
func mark(tx *model.Tx, definition, node, peer string, discard bool) {
	r, ok := tx.Resources.Get(definition, node)
	if !ok || r.DRBD == nil {
		return
	}
	add := func(list []string) []string {
		if slices.ContainsFunc(list, func(n string) bool { return model.Key(n) == model.Key(peer) }) {
			return list
		}
		return append(slices.Clone(list), peer)
	}
	set(tx, r, func(d *model.ReplicaDRBD) {
		now := tx.Now
		// What an earlier diagnosis allowed need not be safe any more.
		d.RejoinOrdered, d.Restart, d.Trust = &now, false, false
		this := func(n string) bool { return model.Key(n) == model.Key(peer) }
		if discard {
			d.Discard, d.Reconnect, d.Retract = add(d.Discard), without(d.Reconnect, this), without(d.Retract, this)
			return
		}
		if slices.ContainsFunc(d.Discard, this) {
			d.Discard, d.Retract = without(d.Discard, this), add(d.Retract)
		}
		d.Reconnect = add(d.Reconnect)
	})
}

// deeds say what the safe actions of a diagnosis do.
func deeds(found v1.Diagnosis) []string {
	var out []string
	for _, a := range found.SafeActions {
		if a.Kind == v1.DoctorTrust {
			out = append(out, a.Node+" calls its data up to date")
			continue
		}
		out = append(out, a.Node+" – "+a.Peer+" connected again")
	}
	return out
}

func words(found v1.Diagnosis) string {
	var out []string
	for _, f := range found.Findings {
		out = append(out, f.Words)
	}
	if len(out) == 0 {
		return "All is well."
	}
	return strings.Join(out, " ")
}

func commands(found v1.Diagnosis) string {
	var out []string
	for _, c := range found.Choices {
		out = append(out, "'"+c.Command+"'")
	}
	return strings.Join(out, " or ")
}

func refs(d *model.Definition) map[string]string { return map[string]string{"RscDfn": d.Name} }

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
