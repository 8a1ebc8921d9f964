package auto

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Keys of the properties of automatic eviction, and the shares they begin with.
const (
	keyEvictMax      = "DrbdOptions/AutoEvictMaxDisconnectedNodes"
	keyEvictReplicas = "DrbdOptions/AutoEvictMinReplicaCount"
	evictMaxPercent  = 34
	keyWasInactive   = show.KeyWasInactive
)

// EvictAbsent gives up the nodes that have stayed away for too long, and says which.
func EvictAbsent(tx *model.Tx) []string {
	var out []string
	for _, n := range slices.Collect(tx.Nodes.All) {
		if why, due := evictionDue(tx.World, n, tx.Now); due {
			Evict(tx, n)
			out = append(out, fmt.Sprintf("node '%s' is evicted: %s", n.Name, why))
		}
	}
	return out
}

// evictionDue tells whether a node is to be given up now.
func evictionDue(w *model.World, n *model.Node, now time.Time) (string, bool) {
	at, armed := show.EvictionTime(w, n)
	if !armed || now.Before(at) || linked(w, n.Name) {
		return "", false
	}
	all, away := 0, 0
	for o := range w.Nodes.All {
		if !o.Type.HasSatellite() || o.Evicted {
			continue
		}
		all++
		if !show.Online(w, o.Name) {
			away++
		}
	}
	percent := evictMaxPercent
	if v, err := strconv.Atoi(w.Props()[keyEvictMax]); err == nil {
		percent = v
	}
	if limit := int(math.Round(float64(all) * float64(percent) / 100)); away > limit {
		return "", false
	}
	return "it has been offline for too long, and no node is connected with it by DRBD", true
}

// linked tells whether any online node has a DRBD connection to a node.
func linked(w *model.World, node string) bool {
	for r := range w.ResourcesOn(node) {
		for o := range w.Resources.Under(r.Definition) {
			st, ok := w.ResourceStatus.Get(o.Definition, o.Node)
			if !ok || st.DRBD == nil || model.Key(o.Node) == model.Key(node) || !show.Online(w, o.Node) {
				continue
			}
			for _, l := range st.DRBD.Links {
				if model.Key(l.Peer) == model.Key(node) && l.State == "Connected" {
					return true
				}
			}
		}
	}
	return false
}

// Evict gives a node up. Its replicas are put out of action, so that peers do not
// wait for them; nothing on the node is touched.
func Evict(tx *model.Tx, n *model.Node) {
	next := *n
	next.Evicted, next.Evacuating = true, false
	tx.PutNode(&next)
	for _, r := range slices.Collect(tx.ResourcesOn(n.Name)) {
		if !model.HasLayer(r.Stack, v1.LayerTypeDrbd) || r.Deleting != nil {
			continue
		}
		out := *r
		if r.Inactive {
			out.Props = replication.WithProp(out.Props, keyWasInactive, "True")
		}
		out.Inactive = true
		tx.PutResource(&out)
		if d, ok := tx.Definitions.Get(r.Definition); ok {
			Replace(tx, d)
		}
	}
}

// reactivate takes back what an eviction did to a replica.
func reactivate(tx *model.Tx, r *model.Resource) *model.Resource {
	if !r.Inactive || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return r
	}
	next := *r
	next.Inactive = r.Props[keyWasInactive] != ""
	next.Props = replication.WithProp(next.Props, keyWasInactive, "")
	tx.PutResource(&next)
	return &next
}

// ReplaceEvicted places the replicas again that evicted nodes leave missing.
func ReplaceEvicted(tx *model.Tx) {
	for _, n := range slices.Collect(tx.Nodes.All) {
		if !n.Evicted {
			continue
		}
		for _, r := range slices.Collect(tx.ResourcesOn(n.Name)) {
			if d, ok := tx.Definitions.Get(r.Definition); ok && model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
				Replace(tx, d)
			}
		}
	}
}

// Replace places the replicas that a definition lacks for its number of replicas, as
// far as there is a copy to take the data from.
func Replace(tx *model.Tx, d *model.Definition) {
	want := replication.Wanted(tx.World, d)
	if v, ok := replication.Level(keyEvictReplicas, replication.Levels(tx.World, d)...); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			want = n
		}
	}
	missing := want - replication.Staying(tx.World, d.Name)
	if d.Deleting != nil || missing <= 0 || replication.OtherUpToDate(tx.World, d.Name, "") == nil {
		return
	}
	// One by one: with room for some only, these are better than none.
	for range missing {
		one := v1.FlexInt(1)
		if _, err := placing.Autoplace(tx, &object.Request{}, d.Name, &v1.AutoSelectFilter{AdditionalPlaceCount: &one}, nil); err != nil {
			return
		}
	}
}
