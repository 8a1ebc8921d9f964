package explain

import (
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// Keys of what happens by itself.
const (
	keyAutoDiskful = "DrbdOptions/auto-diskful"
	keyVerify      = "DrbdOptions/Net/verify-alg"
	keyAutoVerify  = "DrbdOptions/auto-verify-alg"
	keyVerifyOff   = "DrbdOptions/auto-verify-algo-disable"
	keyBlockSize   = "DrbdOptions/Disk/block-size"
	keyFreezeBlock = "Linstor/Drbd/freeze-block-size"
)

// moment writes a point in time as people read it.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// gettingDisk says when a diskless replica in use gets a disk by itself.
func gettingDisk(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	st, ok := w.ResourceStatus.Get(d.Name, r.Node)
	if !ok || st.InUseSince == nil || r.Diskless == model.Diskful || r.Toggle != model.ToggleNone || r.Deleting != nil || !replication.InUse(w, r) {
		return "", "", ""
	}
	levels := []map[string]string{r.Props}
	if n, known := w.Nodes.Get(r.Node); known {
		levels = append(levels, n.Props)
	}
	v, _ := replication.Level(keyAutoDiskful, append(levels, replication.Levels(w, d)...)...)
	minutes, err := strconv.Atoi(v)
	if err != nil || minutes <= 0 {
		return "", "", ""
	}
	at := st.InUseSince.Add(time.Duration(minutes) * time.Minute)
	return "it gets a disk once it has been in use until " + moment(at),
		"property " + keyAutoDiskful + " is " + v + " minutes", "If it stays diskless after that, 'explain placement' shows why the node has no place for it."
}

// givingUp says when the node of a replica is given up, and the replica made elsewhere.
func givingUp(w *model.World, _ *model.Definition, r *model.Resource) (missing, why, fix string) {
	n, ok := w.Nodes.Get(r.Node)
	if !ok {
		return "", "", ""
	}
	if n.Evicted {
		return "the node was evicted", "it stayed away for too long; missing replicas are made on other nodes",
			"Use 'node restore " + n.Name + "' when it is back, or 'node lost " + n.Name + "' if it never will be."
	}
	at, armed := show.EvictionTime(w, n)
	if !armed || r.Deleting != nil {
		return "", "", ""
	}
	return "the node is given up if it stays away until " + moment(at),
		"automatic eviction is on, unless other nodes still have a DRBD connection to it or too many nodes are away",
		"Start the satellite there; property DrbdOptions/AutoEvictAllowEviction of the node switches eviction off."
}

// warned has what DRBD's layer says of a replica that works all the same.
func warned(w *model.World, d *model.Definition, r *model.Resource) (missing, why, fix string) {
	st, ok := w.ResourceStatus.Get(d.Name, r.Node)
	if !ok || st.DRBD == nil {
		return "", "", ""
	}
	var out []string
	for _, said := range st.DRBD.Warnings {
		if !strings.Contains(said, replication.KeySkipDisk) {
			out = append(out, strings.TrimSuffix(said, "."))
		}
	}
	if len(out) == 0 {
		return "", "", ""
	}
	return "not all settings are in force", strings.Join(out, "; "), ""
}

// verify says with which algorithm replicas are compared.
func verify(w *model.World, d *model.Definition) []v1.Explanation {
	levels := replication.Levels(w, d)
	e := v1.Explanation{Object: "verify algorithm of " + show.DefinitionName(d.Name), Have: "none"}
	off, _ := replication.Level(keyVerifyOff, levels...)
	user, byUser := replication.Level(keyVerify, levels...)
	switch {
	case byUser:
		e.Have, e.Why = user, "a user has set property "+keyVerify
	case replication.IsTrue(off):
		e.Why = "property " + keyVerifyOff + " leaves it to the user"
	case d.Props[keyAutoVerify] != "":
		e.Have, e.Why = d.Props[keyAutoVerify], "the first allowed algorithm that the kernels of all nodes have"
	default:
		e.Why = "no allowed algorithm is known to be in the kernels of all nodes"
		e.Correction = "Set " + keyVerify + ", or allow more with DrbdOptions/auto-verify-algo-allowed-user-list."
		if untold := untoldCrypto(w, d); len(untold) > 0 {
			e.Why, e.Correction = "it is not known which algorithms "+nodes(untold)+" can use", ""
		}
	}
	return []v1.Explanation{e}
}

// untoldCrypto lists the nodes that have not told what their kernels have.
func untoldCrypto(w *model.World, d *model.Definition) []string {
	var out []string
	for r := range w.Resources.Under(d.Name) {
		if st, ok := w.NodeStatus.Get(r.Node); !ok || st.Host == nil || st.Host.Crypto == nil {
			out = append(out, r.Node)
		}
	}
	return out
}

// balance says why the number of replicas is not as wanted, and when that changes by
// itself.
func balance(w *model.World, d *model.Definition) []v1.Explanation {
	want, have := replication.Wanted(w, d), replication.Staying(w, d.Name)
	if want == 0 || have == want || d.Deleting != nil || !replication.Replicated(d) {
		return nil
	}
	e := v1.Explanation{Object: "balancing of " + show.DefinitionName(d.Name), Wanted: plural(want), Have: plural(have)}
	if !placing.Balances(w, d) {
		e.Why, e.Correction = "property BalanceResourcesEnabled is false", "Set it to true, or place and delete replicas by hand."
		return []v1.Explanation{e}
	}
	why, notBefore := placing.BalanceWaits(w, d.Name)
	e.Missing = "balancing looks every " + placing.BalanceInterval(w).String() + " and goes on once all is calm"
	if !notBefore.IsZero() {
		why = append(why, "replicas are left alone until "+moment(notBefore)+", as property BalanceResourcesGracePeriod says")
	}
	e.Why = strings.Join(why, "; ")
	return []v1.Explanation{e}
}

// blockSizes says where the block sizes of volumes come from, where they are not DRBD's.
func blockSizes(d *model.Definition) []v1.Explanation {
	var out []v1.Explanation
	for _, vd := range d.Volumes {
		size := vd.Props[keyBlockSize]
		if size == "" {
			continue
		}
		e := v1.Explanation{Object: "block size of " + show.VolumeDefinitionName(d.Name, vd.Number), Have: size + " bytes",
			Why: "no storage below may have larger blocks"}
		if replication.IsTrue(vd.Props[keyFreezeBlock]) {
			e.Why += "; it stays, as the volume has been in use"
		}
		out = append(out, e)
	}
	return out
}
