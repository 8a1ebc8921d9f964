package rest

import (
	"fmt"
	"net/http"
	"sort"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/place"
)

// preview answers what a call would do, and does nothing.
func (s *Server) preview(w http.ResponseWriter, r *http.Request, rt object.Route, req *object.Request) {
	var rcs []v1.ApiCallRc
	tx, err := s.cfg.Engine.Preview(actor(r), func(tx *model.Tx) error {
		var err error
		rcs, err = rt.Write(tx, req)
		return err
	})
	rcs = append(rcs, tx.Notes()...)
	for i := range rcs {
		rcs[i].RetCode = masked(rcs[i].RetCode, rt.Mask)
	}
	plan := v1.Plan{Messages: rcs, Placement: verdicts(req.Verdicts())}
	if err != nil {
		if len(plan.Placement) == 0 {
			s.fail(w, r, err, rt.Mask)
			return
		}
		// Why nothing can be placed is what the user asked for.
		plan.Messages = append(plan.Messages, s.entry(r, err, rt.Mask))
		s.write(w, http.StatusOK, plan)
		return
	}
	plan.Changes = diff(tx)
	plan.Redundancy = redundancy(tx)
	plan.Nodes = s.nodePlans(r.Context(), tx)
	s.write(w, http.StatusOK, plan)
}

func verdicts(in []place.Row) []v1.PlacementVerdict {
	var out []v1.PlacementVerdict
	for _, v := range in {
		row := v1.PlacementVerdict{Node: v.NodeName, StoragePool: v.StoragePool, Verdict: string(v.Verdict), Reason: v.Reason, Code: string(v.Code)}
		if v.Score != nil {
			row.Score = *v.Score
		}
		out = append(out, row)
	}
	return out
}

// diff lists the changes of the desired state.
func diff(tx *model.Tx) []v1.PlanChange {
	base := tx.Base()
	var out []v1.PlanChange
	add := func(object, name, node string, was, is bool, changed bool, details string) {
		switch {
		case !was && is:
			out = append(out, v1.PlanChange{Object: object, Name: name, Node: node, Action: v1.PlanActionCreate, Details: details})
		case was && !is:
			out = append(out, v1.PlanChange{Object: object, Name: name, Node: node, Action: v1.PlanActionDestroy, Details: details})
		case changed:
			out = append(out, v1.PlanChange{Object: object, Name: name, Node: node, Action: v1.PlanActionModify, Details: details})
		}
	}
	for _, n := range tx.Touched().Nodes {
		a, was := base.Nodes.Get(n)
		b, is := tx.Nodes.Get(n)
		add("node", n, "", was, is, was && is && a != b, "")
	}
	for _, p := range tx.Touched().Pools {
		a, was := base.Pools.Get(p[0], p[1])
		b, is := tx.Pools.Get(p[0], p[1])
		add("storage-pool", p[1], p[0], was, is, was && is && a != b, "")
	}
	for _, d := range tx.Touched().Definitions {
		a, was := base.Definitions.Get(d)
		b, is := tx.Definitions.Get(d)
		add("resource-definition", d, "", was, is && b.Deleting == nil, was && is && a != b, sizes(a, b))
		for _, r := range bothReplicas(base, tx.World, d) {
			ra, was := base.Resources.Get(d, r)
			rb, is := tx.Resources.Get(d, r)
			add("resource", d, r, was && ra.Deleting == nil, is && rb.Deleting == nil, was && is && ra != rb, poolsOf(rb))
		}
	}
	diffTables(base, tx.World, add)
	sort.SliceStable(out, func(i, j int) bool {
		return out[i].Object+out[i].Name+out[i].Node < out[j].Object+out[j].Name+out[j].Node
	})
	return out
}

func sizes(a, b *model.Definition) string {
	if a == nil || b == nil {
		if b != nil {
			if len(b.Volumes) == 1 {
				return "1 volume"
			}
			return fmt.Sprintf("%d volumes", len(b.Volumes))
		}
		return ""
	}
	for _, v := range b.Volumes {
		if old, ok := a.Volume(v.Number); ok && old.SizeKiB != v.SizeKiB {
			return fmt.Sprintf("volume %d: %d KiB → %d KiB", v.Number, old.SizeKiB, v.SizeKiB)
		}
	}
	return ""
}

func poolsOf(r *model.Resource) string {
	if r == nil || len(r.Volumes) == 0 {
		return ""
	}
	return "in storage pool " + r.Volumes[0].Pool
}

func bothReplicas(a, b *model.World, d string) []string {
	seen := map[string]bool{}
	var out []string
	for _, w := range []*model.World{a, b} {
		for r := range w.Resources.Under(d) {
			if !seen[r.Node] {
				seen[r.Node] = true
				out = append(out, r.Node)
			}
		}
	}
	return out
}
