package placing

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// Property keys of balancing, and their defaults in seconds.
const (
	keyBalance         = "BalanceResourcesEnabled"
	keyBalanceInterval = "BalanceResourcesInterval"
	keyBalanceGrace    = "BalanceResourcesGracePeriod"
	keyBalanceSkip     = "BalanceResourcesSkipDiskLimit"
	balanceDefault     = 3600
)

// BalanceInterval is how often place counts are looked after.
func BalanceInterval(w *model.World) time.Duration {
	return seconds(w.Props()[keyBalanceInterval])
}

func seconds(v string) time.Duration {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 {
		n = balanceDefault
	}
	return time.Duration(n) * time.Second
}

// Balanced is what balancing did to one definition, for the log.
type Balanced struct {
	Definition string
	Done       string
}

// Balance brings every replicated definition back to its group's place count: what
// is missing is placed, what is surplus removed. It touches nothing that is in
// motion or younger than the grace period, never more than one replica of a
// definition at a time, and never the last one that is up to date.
func Balance(tx *model.Tx) []Balanced {
	var out []Balanced
	for _, d := range slices.Collect(tx.Definitions.All) {
		g, ok := tx.Groups.Get(d.Group)
		if !ok || g.PlaceCount() < 1 || d.Deleting != nil || !model.HasLayer(d.Stack, v1.LayerTypeDrbd) || !balances(tx.World, d, g) {
			continue
		}
		have, calm := settled(tx, d.Name)
		if !calm {
			continue
		}
		if done := balanceOne(tx, d, g, have); done != "" {
			out = append(out, Balanced{d.Name, done})
		}
	}
	return out
}

// Balances tells whether the number of a definition's replicas is looked after.
func Balances(w *model.World, d *model.Definition) bool {
	g, ok := w.Groups.Get(d.Group)
	return ok && balances(w, d, g)
}

// balances tells whether balancing is on for a definition: the closest object wins.
func balances(w *model.World, d *model.Definition, g *model.Group) bool {
	for _, props := range []map[string]string{d.Props, g.Props, w.Props()} {
		if v, ok := props[keyBalance]; ok {
			return !isFalse(v)
		}
	}
	return true
}

// settled counts the diskful replicas that stay, and tells whether all is calm.
func settled(tx *model.Tx, definition string) (have int, calm bool) {
	why, notBefore := BalanceWaits(tx.World, definition)
	for r := range tx.Resources.Under(definition) {
		if n, ok := tx.Nodes.Get(r.Node); ok && r.Diskless == model.Diskful && !n.Evacuating && !n.Evicted {
			have++
		}
	}
	return have, len(why) == 0 && !tx.Now.Before(notBefore)
}

// BalanceWaits says why the number of a definition's replicas is left as it is for now:
// something goes or changes, a resync is going on, too many disks are skipped, or no
// replica is known to be good. Young replicas are left alone until notBefore.
func BalanceWaits(w *model.World, definition string) (why []string, notBefore time.Time) {
	grace := seconds(w.Props()[keyBalanceGrace])
	upToDate, skipped, limit := false, 0, skipLimit(w, definition)
	for _, r := range replication.Replicas(w, definition) {
		if y := restless(w, r); y != "" {
			why = append(why, y)
		}
		if r.Created != nil && r.Created.Add(grace).After(notBefore) {
			notBefore = r.Created.Add(grace)
		}
		if replication.IsTrue(r.Props[replication.KeySkipDisk]) {
			skipped++
		}
		st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
		upToDate = upToDate || r.Diskless == model.Diskful && ok && st.Progress == model.ProgressReady && show.Online(w, r.Node) && diskGood(st)
	}
	if skipped > limit {
		why = append(why, fmt.Sprintf("the disks of %d replicas are not used, and property %s allows %d", skipped, keyBalanceSkip, limit))
	}
	if !upToDate {
		why = append(why, "no replica is known to be up to date and online")
	}
	return why, notBefore
}

// restless says what is in motion at a replica; empty is nothing.
func restless(w *model.World, r *model.Resource) string {
	on := "the replica on node '" + r.Node + "' "
	switch {
	case r.Deleting != nil:
		return on + "is being deleted"
	case r.Created == nil:
		return on + "is not made yet"
	case r.Toggle != model.ToggleNone:
		return on + "is changing between diskful and diskless"
	case r.Props[replication.KeyMigrateFrom] != "":
		return on + "takes over from the one on node '" + r.Props[replication.KeyMigrateFrom] + "'"
	case resyncs(w, r):
		return on + "takes part in a resync"
	}
	return ""
}

// skipLimit is how many skipped disks a definition may have and still be balanced.
func skipLimit(w *model.World, definition string) int {
	d, ok := w.Definitions.Get(definition)
	if !ok {
		return 0
	}
	v, _ := replication.Level(keyBalanceSkip, replication.Levels(w, d)...)
	if n, err := strconv.Atoi(v); err == nil && n >= 0 {
		return n
	}
	return 1
}

// resyncs tells whether a replica is copying data to or from a peer.
func resyncs(w *model.World, r *model.Resource) bool {
	st, ok := w.ResourceStatus.Get(r.Definition, r.Node)
	if !ok || st.DRBD == nil || !show.Online(w, r.Node) {
		return false
	}
	for _, l := range st.DRBD.Links {
		for _, v := range l.Volumes {
			if v.Replication != "" && v.Replication != "Off" && v.Replication != "Established" {
				return true
			}
		}
	}
	return false
}

func diskGood(st *model.ResourceStatus) bool {
	return !slices.ContainsFunc(st.Volumes, func(v model.VolumeStatus) bool { return v.DiskState != "UpToDate" })
}

func balanceOne(tx *model.Tx, d *model.Definition, g *model.Group, have int) string {
	switch want := g.PlaceCount(); {
	case have < want:
		one := v1.FlexInt(1)
		rcs, err := Autoplace(tx, &object.Request{}, d.Name, &v1.AutoSelectFilter{AdditionalPlaceCount: &one}, nil)
		if err == nil && len(rcs) > 0 {
			return rcs[0].Message
		}
	case have > want:
		return unplaceOne(tx, d, g)
	}
	return ""
}

func unplaceOne(tx *model.Tx, d *model.Definition, g *model.Group) string {
	q, err := Query(tx.World, &g.Filter, d.Stack)
	if err != nil {
		return ""
	}
	replicas := Replicas(tx.World, d.Name)
	for i := range replicas {
		r := &replicas[i]
		if st, ok := tx.ResourceStatus.Get(d.Name, r.Node); ok && show.Online(tx.World, r.Node) {
			r.UpToDate, r.Ready = diskGood(st), st.Progress == model.ProgressReady
			r.InUse = st.InUse != nil && *st.InUse
		}
	}
	verdicts, err := place.Unplace(Nodes(tx.World), Pools(tx.World), replicas, q, 1)
	if err != nil {
		return ""
	}
	for _, v := range verdicts {
		res, ok := tx.Resources.Get(d.Name, v.Node)
		if !v.Remove || !ok {
			continue
		}
		next := *res
		now := tx.Now
		next.Deleting = &now
		tx.PutResource(&next)
		return "The surplus replica on node '" + v.Node + "' is removed: " + strings.Join(v.Against, ", ")
	}
	return ""
}
