package rest

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	explanation "github.com/holdfast-storage/holdfast/internal/object/explain"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// concerned is what a change has given satellites to do.
type concerned struct {
	replicas []replicaRef
	nodes    []string
	pools    [][2]string
}

type replicaRef struct {
	definition, node string
	// leftover is a node whose replica is gone, and that tends snapshots of it.
	leftover bool
}

// concern compares the instructions before and after a change.
func concern(base, now *model.World, touched model.Touched, r *object.Request) concerned {
	out := concerned{nodes: r.AwaitNodes, pools: r.AwaitPools}
	for _, name := range touched.Definitions {
		for res := range now.Resources.Under(name) {
			old, was := base.Resources.Get(res.Definition, res.Node)
			if was && res.Toggle == old.Toggle && desired.Resource(base, old).Fingerprint == desired.Resource(now, res).Fingerprint &&
				!desired.Withheld(now, res) && !desired.Joining(res) {
				continue
			}
			out.replicas = append(out.replicas, replicaRef{definition: res.Definition, node: res.Node})
		}
		out.replicas = append(out.replicas, leftovers(base, now, name)...)
	}
	sort.Slice(out.replicas, func(i, j int) bool {
		a, b := out.replicas[i], out.replicas[j]
		return a.definition < b.definition || a.definition == b.definition && a.node < b.node
	})
	return out
}

// leftovers are the nodes without a replica that a change tells something else about
// snapshots.
func leftovers(base, now *model.World, definition string) []replicaRef {
	var out []replicaRef
	for s := range now.Snapshots.Under(definition) {
		for _, n := range s.Nodes {
			ref := replicaRef{definition: s.Definition, node: n.Node, leftover: true}
			if exists(now.Resources.Get(definition, n.Node)) || slices.Contains(out, ref) {
				continue
			}
			old, _ := desired.Instruction(base, definition, n.Node)
			if told, _ := desired.Instruction(now, definition, n.Node); told.Fingerprint != old.Fingerprint {
				out = append(out, ref)
			}
		}
	}
	return out
}

// wait waits until the satellites have done their part, and says for each how far
// it is. The work goes on in any case.
func (s *Server) wait(ctx context.Context, c concerned) []v1.ApiCallRc {
	if len(c.replicas)+len(c.nodes)+len(c.pools) == 0 {
		return nil
	}
	s.greeted(ctx, c.nodes)
	err := s.cfg.Engine.Await(ctx, func(w *model.World) bool { return c.done(w) })
	w := s.cfg.Engine.World()
	var out []v1.ApiCallRc
	for _, n := range c.nodes {
		out = append(out, nodeOutcome(w, n))
	}
	for _, p := range c.pools {
		out = append(out, poolOutcome(w, p)...)
	}
	for _, r := range c.replicas {
		out = append(out, replicaOutcome(w, r, err != nil))
	}
	return out
}

// greeting is how long a call waits for new satellites. A host that does not answer at
// all is found out late, and the controller goes on connecting in any case.
const greeting = 5 * time.Second

// greeted waits until satellites have answered, but not longer than greeting.
func (s *Server) greeted(ctx context.Context, nodes []string) {
	if len(nodes) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	// What is missing when the time is up is told by nodeOutcome.
	_ = s.cfg.Engine.Await(ctx, func(w *model.World) bool {
		for _, n := range nodes {
			if st, ok := w.NodeStatus.Get(n); exists(w.Nodes.Get(n)) && (!ok || st.State == model.ConnConnected) {
				return false
			}
		}
		return true
	})
}

func (c concerned) done(w *model.World) bool {
	for _, p := range c.pools {
		if _, known := w.PoolStatus.Get(p[0], p[1]); !known && show.Online(w, p[0]) && exists(w.Pools.Get(p[0], p[1])) {
			if pool, _ := w.Pools.Get(p[0], p[1]); !pool.Diskless() {
				return false
			}
		}
	}
	// Every call that waits is asked after every change: what is cheap to see comes first.
	for _, r := range c.replicas {
		if unreported(w, r) {
			return false
		}
	}
	for _, r := range c.replicas {
		if progress(w, r) == model.ProgressWorking {
			return false
		}
	}
	return true
}

// unreported tells of a replica that it is being worked on, whatever its instruction is
// by now: then so does progress.
func unreported(w *model.World, r replicaRef) bool {
	if _, ok := w.Resources.Get(r.definition, r.node); !ok || !show.Online(w, r.node) {
		return false
	}
	st, ok := w.ResourceStatus.Get(r.definition, r.node)
	return !ok || st.Progress == model.ProgressWorking && !putOff(w, r)
}

// putOff tells of a replica to be deleted that its data is waited for, which only comes to
// an end when another node does.
func putOff(w *model.World, r replicaRef) bool {
	res, ok := w.Resources.Get(r.definition, r.node)
	return ok && replication.PutOff(w, res)
}

func exists[T any](_ *T, ok bool) bool { return ok }

// progress is how far a replica is; working also means that its satellite has not
// reported on the newest instruction yet. Offline satellites are not waited for.
func progress(w *model.World, r replicaRef) model.Progress {
	told, ok := desired.Instruction(w, r.definition, r.node)
	if !ok {
		return model.ProgressGone
	}
	if !show.Online(w, r.node) {
		return model.ProgressFailed
	}
	st, ok := w.ResourceStatus.Get(r.definition, r.node)
	if !ok || st.Fingerprint != told.Fingerprint {
		return model.ProgressWorking
	}
	res, ok := w.Resources.Get(r.definition, r.node)
	if !ok {
		return st.Progress
	}
	if putOff(w, r) {
		return model.ProgressFailed
	}
	if res.Deleting != nil && st.Progress == model.ProgressReady {
		return held(w, res)
	}
	if st.Progress == model.ProgressReady && (res.Toggle != model.ToggleNone || desired.Joining(res) || growing(w, res) || coming(w, res)) {
		// The next phase of a change between diskful and diskless, of the size, or of the
		// number of volumes is to come.
		return model.ProgressWorking
	}
	return st.Progress
}

// held is how far an NVMe target is that stays until its initiators are gone: no
// further than they are.
func held(w *model.World, target *model.Resource) model.Progress {
	for _, node := range desired.Initiators(w, target) {
		if progress(w, replicaRef{definition: target.Definition, node: node}) == model.ProgressWorking {
			return model.ProgressWorking
		}
	}
	return model.ProgressFailed
}

// growing tells whether a replicated volume is being led to a new size, and can be: all
// nodes are there.
func growing(w *model.World, res *model.Resource) bool {
	d, ok := w.Definitions.Get(res.Definition)
	// Without an active disk it goes on when one of them is active again.
	return ok && res.DRBD != nil && disksOnline(w, res) && slices.ContainsFunc(d.Volumes, func(v model.VolumeDefinition) bool {
		return v.Resize != nil && len(replication.ActiveDisks(w, d.Name, v.Number)) > 0
	})
}

// coming tells whether a replica is about to be told of a volume that was added, and can be:
// all nodes are there that have a disk.
func coming(w *model.World, res *model.Resource) bool {
	// Without an active disk it goes on when one of them is active again.
	return desired.Withheld(w, res) && disksOnline(w, res) && slices.ContainsFunc(replication.Replicas(w, res.Definition), replication.HasDisk)
}

// disksOnline tells whether all nodes are there that have a disk of a resource.
func disksOnline(w *model.World, res *model.Resource) bool {
	for r := range w.Resources.Under(res.Definition) {
		if r.Diskless == model.Diskful && !show.Online(w, r.Node) {
			return false
		}
	}
	return true
}

func refs(r replicaRef) map[string]string {
	return map[string]string{"RscDfn": r.definition, "Node": r.node}
}

func replicaOutcome(w *model.World, r replicaRef, timeout bool) v1.ApiCallRc {
	inline := show.ResourceName(r.definition, r.node)
	res, ok := w.Resources.Get(r.definition, r.node)
	if !ok && !r.leftover {
		return v1.ApiCallRc{RetCode: v1.Deleted, Message: "Removed " + inline + ".", ObjRefs: refs(r)}
	}
	if !show.Online(w, r.node) {
		return unreachable(w, r, res)
	}
	st, _ := w.ResourceStatus.Get(r.definition, r.node)
	switch p := progress(w, r); {
	case r.leftover && p == model.ProgressGone:
		return v1.ApiCallRc{RetCode: v1.Modified, Message: "Node '" + r.node + "' has done its part of resource '" + r.definition + "'.", ObjRefs: refs(r)}
	case p == model.ProgressFailed && st != nil && st.Problem != nil:
		rc := *st.Problem
		rc.Message = "On node '" + r.node + "': " + rc.Message
		rc.ObjRefs = refs(r)
		return rc
	case p == model.ProgressReady:
		return v1.ApiCallRc{RetCode: v1.Modified, Message: "Node '" + r.node + "' has done its part of resource '" + r.definition + "'.", ObjRefs: refs(r)}
	}
	doing := "the last step is being reported"
	if d, has := w.Definitions.Get(r.definition); ok && has {
		if e := explanation.Replica(w, d, res); e.Missing != "" {
			doing = e.Missing
		}
	}
	rc := v1.ApiCallRc{RetCode: v1.WarnNoEffect, Message: "The change of " + inline + " is still being made.", Cause: doing,
		Correction: "It goes on by itself; see 'resource list -r " + r.definition + "'.", ObjRefs: refs(r)}
	if waits := ok && res.Deleting != nil && (len(desired.Initiators(w, res)) > 0 || putOff(w, r)); !timeout && !waits {
		rc.Message = "The change of " + inline + " was interrupted."
	}
	return rc
}

// unreachable says what becomes of the change of a replica, or of what a gone one has left,
// whose satellite does not answer.
func unreachable(w *model.World, r replicaRef, res *model.Resource) v1.ApiCallRc {
	inline := show.ResourceName(r.definition, r.node)
	rc := v1.ApiCallRc{RetCode: v1.WarnNotConnected, Message: "No active connection to satellite '" + r.node + "'.",
		Cause:      show.WhyOffline(w, r.node),
		Details:    "The change of " + inline + " is stored and is made when the satellite is connected again.",
		Correction: "See 'node list'; for a node that will never come back use 'node lost " + r.node + "'.", ObjRefs: refs(r)}
	if d, ok := w.Definitions.Get(r.definition); ok && res != nil && replication.Waits(res) {
		e := explanation.Replica(w, d, res)
		rc.Details = "The deletion of " + inline + " is stored, and is put off: " + e.Why + "."
		rc.Correction = e.Correction
	}
	return rc
}

func nodeOutcome(w *model.World, n string) v1.ApiCallRc {
	if show.Online(w, n) {
		return v1.ApiCallRc{RetCode: v1.Modified, Message: "Satellite of node '" + n + "' is online.", ObjRefs: map[string]string{"Node": n}}
	}
	if st, ok := w.NodeStatus.Get(n); !ok || st.State == model.ConnConnected {
		return v1.ApiCallRc{RetCode: v1.WarnNotConnected, Message: "The satellite of node '" + n + "' has not answered yet; the controller is still connecting.",
			Cause:      show.WhyOffline(w, n),
			Correction: "See 'node list' in a moment. If it stays like this, check the node's address and port, and that no firewall is in between.",
			ObjRefs:    map[string]string{"Node": n}}
	}
	return v1.ApiCallRc{RetCode: v1.WarnNotConnected, Message: "No active connection to satellite '" + n + "'.",
		Cause:      show.WhyOffline(w, n),
		Correction: show.BackOnline(w, n),
		ObjRefs:    map[string]string{"Node": n}}
}

func poolOutcome(w *model.World, p [2]string) []v1.ApiCallRc {
	pool, ok := w.Pools.Get(p[0], p[1])
	if !ok || pool.Diskless() {
		return nil
	}
	obj := map[string]string{"Node": p[0], "StorPoolDfn": p[1]}
	if !show.Online(w, p[0]) {
		return []v1.ApiCallRc{{RetCode: v1.WarnNotConnected, Message: "No active connection to satellite '" + p[0] + "'; the storage pool was not checked.",
			Cause:      show.WhyOffline(w, p[0]),
			Correction: show.BackOnline(w, p[0]) + " Then the pool is checked.", ObjRefs: obj}}
	}
	st, ok := w.PoolStatus.Get(p[0], p[1])
	switch {
	case !ok:
		return []v1.ApiCallRc{{RetCode: v1.WarnNoEffect, Message: "The storage pool has not been checked yet.", ObjRefs: obj}}
	case st.Problem != nil:
		rc := *st.Problem
		// The pool is kept, so that the user can mend the storage below it.
		rc.RetCode = rc.RetCode&^v1.MaskBitsType | v1.MaskWarn
		rc.ObjRefs = obj
		return []v1.ApiCallRc{rc}
	}
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: fmt.Sprintf("Node '%s' has checked storage pool '%s': %s of %s KiB are free.",
		p[0], p[1], fmt.Sprint(st.FreeKiB), fmt.Sprint(st.TotalKiB)), ObjRefs: obj}}
}
