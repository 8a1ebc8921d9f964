// Package explain says of a resource what is wanted, what is there, what is missing
// and why it is not done yet. It decides nothing: it asks what the rules ask, and so
// cannot tell a story that differs from what they do.
package explain

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Resource explains a definition: a row for each replica, and one for each matter of
// the definition as a whole that is not as it should be or that users ask about.
func Resource(w *model.World, d *model.Definition) []v1.Explanation {
	out := []v1.Explanation{}
	for r := range w.Resources.Under(d.Name) {
		out = append(out, Replica(w, d, r))
	}
	out = append(out, count(w, d)...)
	out = append(out, resizes(w, d)...)
	out = append(out, deletion(w, d)...)
	out = append(out, snapshots(w, d)...)
	if replication.Replicated(d) && d.Deleting == nil && len(out) > 0 {
		out = append(out, quorum(w, d)...)
		out = append(out, balance(w, d)...)
		out = append(out, verify(w, d)...)
		out = append(out, blockSizes(d)...)
	}
	return out
}

// Replica explains one replica.
func Replica(w *model.World, d *model.Definition, r *model.Resource) v1.Explanation {
	e := v1.Explanation{Object: show.ResourceName(d.Name, r.Node), Wanted: Wanted(r), Missing: show.Pending(w, r)}
	if st, ok := w.ResourceStatus.Get(d.Name, r.Node); ok {
		e.Have = have(w, r, st)
		if st.Problem != nil {
			e.Why, e.Correction = st.Problem.Cause, st.Problem.Correction
		}
	}
	for _, more := range []func(*model.World, *model.Definition, *model.Resource) (string, string, string){leaving, joining, toggling, migrating, skipping, keptApart, gettingDisk, givingUp, yielding, warned} {
		if missing, why, fix := more(w, d, r); missing != "" {
			e.Missing = join(e.Missing, missing)
			e.Why = join(e.Why, why)
			e.Correction = join(e.Correction, fix)
		}
	}
	return e
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	if strings.HasSuffix(a, ".") {
		return a + " " + b
	}
	return a + "; " + b
}

// Wanted says what a replica is meant to be.
func Wanted(r *model.Resource) string {
	switch {
	case r.Deleting != nil:
		return "to be removed"
	case r.Inactive:
		return "inactive"
	case replication.Adding(r):
		return "diskful, is diskless"
	case replication.Removing(r):
		return "diskless, is diskful"
	case r.Diskless == model.Tiebreaker:
		return "tiebreaker"
	case r.Diskless != model.Diskful:
		return "diskless"
	}
	return "diskful"
}

// have is the progress with the states of the disks, where DRBD tells them.
func have(w *model.World, r *model.Resource, st *model.ResourceStatus) string {
	out := string(st.Progress)
	if !show.Online(w, r.Node) || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return out
	}
	var disks []string
	for _, v := range st.Volumes {
		if v.DiskState != "" && !slices.Contains(disks, v.DiskState) {
			disks = append(disks, v.DiskState)
		}
	}
	if len(disks) > 0 {
		out += ", " + strings.Join(disks, ", ")
	}
	if replication.InUse(w, r) {
		out += ", in use"
	}
	return out
}

// leaving says who holds up a deletion.
func leaving(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	if r.Deleting == nil {
		return "", "", ""
	}
	if replication.Waits(r) && !show.Online(w, r.Node) {
		return "the deletion waits for node '" + r.Node + "'", "its replica may have the only good copy: no other one is known to be up to date and to have been connected with it last",
			"Bring the node back, together with those of the other replicas; deleting those too, or 'node lost " + r.Node + "', gives the data up."
	}
	if replication.Waits(r) {
		return "the deletion waits until another replica has the data: none that stays is connected and up to date", "this one may have the only good copy",
			"Bring back the node of one of them, or activate it; deleting those replicas too, or 'node lost', gives the data up."
	}
	if !show.Online(w, r.Node) {
		return "the deletion waits for node '" + r.Node + "'", "only its satellite can say that the storage is gone",
			"Start the satellite, or use 'node lost " + r.Node + "' if the host will never come back."
	}
	if users := desired.Initiators(w, r); len(users) > 0 {
		return "the deletion waits for the initiators on " + nodes(users), "they use the volumes over NVMe", "Delete the resource there first."
	}
	if replication.InUse(w, r) {
		return "the deletion waits until the device is closed", "something on the node has it open", "Unmount it or stop what uses it."
	}
	if late := replication.Unsettled(w, d.Name, r.Node); len(late) > 0 {
		return "the deletion waits for " + nodes(late), "the other nodes forget the replica first", ""
	}
	return "", "", ""
}

func nodes(names []string) string {
	if len(names) == 1 {
		return "node '" + names[0] + "'"
	}
	return "nodes '" + strings.Join(names, "', '") + "'"
}

// joining says what a replica waits for that is new to the data, or is activated.
func joining(w *model.World, _ *model.Definition, r *model.Resource) (missing, why, fix string) {
	if !desired.Joining(r) {
		return "", "", ""
	}
	if missing, why, fix := awaited(w, r); missing != "" {
		return "the replica " + missing, why, fix
	}
	return "the replica is about to take part", "", ""
}

// awaited says whom a copy that is about to come waits for.
func awaited(w *model.World, r *model.Resource) (missing, why, fix string) {
	untold, powerless := replication.Awaited(w, r)
	switch {
	case len(powerless) > 0:
		return "waits for a quorum of " + nodes(powerless), "too few nodes see each other there, so the data may be old, and the vote of a new copy must not make it usable",
			"Bring the other nodes, or the network between them, back; it goes on by itself. Use 'node lost' for nodes that will never come back."
	case len(untold) > 0:
		return "waits for " + nodes(untold), "what is written on a node that does not know of it yet would not reach it",
			"Start the satellites there; it goes on by itself."
	}
	return "", "", ""
}

// toggling says what a change between diskful and diskless waits for.
func toggling(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	back := "The change can be taken back with 'resource toggle-disk'."
	if r.Deleting != nil {
		return "", "", ""
	}
	switch r.Toggle {
	case model.ToggleAddRequested:
		if missing, why, _ := awaited(w, r); missing != "" {
			return "the disk " + missing, why, back
		}
		if few := replication.Outvoted(w, r); r.DRBD != nil && r.DRBD.Held && len(few) > 0 {
			return "the disk waits until the replica is connected with " + nodes(few), "too few others are there: the vote of a disk that is not there yet would take the quorum away", back
		}
		return "the disk is about to be made", "", back
	case model.ToggleAdding:
		return "the disk is being made", "DRBD does not use it yet", back
	case model.ToggleRemoveRequested:
		if replication.OtherUpToDate(w, d.Name, r.Node) == nil {
			return "the disk stays for now", "no other replica is up to date: it may be the only good copy", "It goes on by itself when another replica is up to date. " + back
		}
		return "the disk stays for now", "another replica is letting go of its disk, and they go one after the other", ""
	case model.ToggleRemoving:
		return "the storage is being removed", "the satellite has not reported it gone yet", ""
	}
	return "", "", ""
}

// migrating says what a migration to or from the replica waits for.
func migrating(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	if from := r.Props[replication.KeyMigrateFrom]; from != "" && r.Deleting == nil {
		src, ok := w.Resources.Get(d.Name, from)
		switch stays := "the replica on node '" + from + "' still stays"; {
		case !ok || !replication.UpToDate(w, r):
		case replication.InUse(w, src):
			return stays, "it is in use", "Use the resource on another node."
		case replication.OtherUpToDate(w, d.Name, from) == nil:
			return stays, "no other replica that it was last connected with is up to date, so it may have the newest data",
				"Bring its node and those of the others together; 'node lost " + from + "' gives that data up."
		}
		return "data moves here from node '" + from + "'", "the replica there is removed once this one is up to date", ""
	}
	n, ok := w.Nodes.Get(r.Node)
	if !ok || !n.Evacuating || r.Deleting != nil || replication.MigratesTo(replication.Replicas(w, d.Name), r.Node) != nil {
		return "", "", ""
	}
	return "to be moved off node '" + r.Node + "'", "the node is being evacuated, and no place was found or the replica is in use",
		"Add a node or storage; it is tried again by itself. 'node restore " + n.Name + "' ends the evacuation."
}

func skipping(_ *model.World, _ *model.Definition, r *model.Resource) (missing, why, fix string) {
	if !replication.IsTrue(r.Props[replication.KeySkipDisk]) {
		return "", "", ""
	}
	return "the disk is not used", "property " + replication.KeySkipDisk + " is set, as it is after a disk has failed",
		"Mend or replace the disk, then delete the property."
}

// count compares the number of replicas with the group's wish.
func count(w *model.World, d *model.Definition) []v1.Explanation {
	g, ok := w.Groups.Get(d.Group)
	if !ok || g.PlaceCount() <= 0 || d.Deleting != nil {
		return nil
	}
	have := 0
	for r := range w.Resources.Under(d.Name) {
		if r.Deleting == nil && (r.Diskless == model.Diskful && !replication.Removing(r) || replication.Adding(r)) {
			have++
		}
	}
	if have == g.PlaceCount() {
		return nil
	}
	e := v1.Explanation{Object: show.DefinitionName(d.Name), Wanted: plural(g.PlaceCount()), Have: plural(have)}
	if have < g.PlaceCount() {
		e.Missing, e.Correction = plural(g.PlaceCount()-have), "'explain placement' shows where they could go; 'resource-group adjust "+g.Name+"' places them now."
	}
	return []v1.Explanation{e}
}

func plural(n int) string {
	if n == 1 {
		return "1 diskful replica"
	}
	return strconv.Itoa(n) + " diskful replicas"
}

// resizes says which nodes a change of size waits for.
func resizes(w *model.World, d *model.Definition) []v1.Explanation {
	var out []v1.Explanation
	for _, vd := range d.Volumes {
		if vd.Resize == nil {
			continue
		}
		e := v1.Explanation{Object: show.VolumeDefinitionName(d.Name, vd.Number), Wanted: fmt.Sprintf("%d KiB", vd.SizeKiB),
			Have: fmt.Sprintf("%d KiB", vd.Resize.FromKiB), Missing: "the size is being changed", Why: "the devices below change on all nodes first"}
		if vd.Resize.Node != "" {
			e.Why = "node '" + vd.Resize.Node + "' lets DRBD use the new size"
		}
		var away []string
		for _, r := range replication.Replicas(w, d.Name) {
			if replication.HasDisk(r) && !show.Online(w, r.Node) {
				away = append(away, r.Node)
			}
		}
		if len(away) > 0 {
			e.Why, e.Correction = "it waits for "+nodes(away)+", which cannot be reached", "Start the satellites there."
		}
		out = append(out, e)
	}
	return out
}

// deletion says what keeps a definition that is being deleted.
func deletion(w *model.World, d *model.Definition) []v1.Explanation {
	if d.Deleting == nil {
		return nil
	}
	var on []string
	for r := range w.Resources.Under(d.Name) {
		on = append(on, r.Node)
	}
	e := v1.Explanation{Object: show.DefinitionName(d.Name), Wanted: "to be removed", Missing: "the end of its deletion"}
	if len(on) > 0 {
		e.Why = "there are still replicas on " + nodes(on)
	}
	return []v1.Explanation{e}
}

// quorum says what DRBD's quorum is and why, and what is the matter with tiebreakers.
func quorum(w *model.World, d *model.Definition) []v1.Explanation {
	in := replication.Quorum(w, d)
	if len(in.Members) == 0 {
		return nil
	}
	q := drbd.Quorum(in)
	out := []v1.Explanation{{Object: "quorum of " + show.DefinitionName(d.Name), Wanted: q.Value, Have: in.Current, Why: q.Why}}
	t := drbd.Tiebreaker(in)
	e := v1.Explanation{Object: "tiebreaker of " + show.DefinitionName(d.Name), Wanted: "none", Why: t.Why}
	wanted, _ := drbd.TiebreakerWanted(in)
	if wanted {
		e.Wanted = "one"
	}
	e.Have = "none"
	if i := slices.IndexFunc(in.Members, func(m drbd.Member) bool { return m.Tiebreaker && !m.Deleting && !m.Inactive }); i >= 0 {
		e.Have = "on node '" + in.Members[i].Node + "'"
	}
	if t.Action == drbd.TiebreakerCreate {
		e.Missing, e.Correction = "a node for the tiebreaker", "Add a node with a satellite and DRBD; it is then used by itself."
	}
	return append(out, e)
}
