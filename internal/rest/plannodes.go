package rest

import (
	"context"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/rules"
)

// planTime bounds how long one satellite may take to plan.
const planTime = 20 * time.Second

// planPhases bounds how far ahead a plan looks where nodes go in step.
const planPhases = 4

// afterOthers begins the reason of a step that waits for other nodes.
const afterOthers = "once the other nodes have done their part: "

// nodePlans asks every satellite concerned what it would do, all at once: at first, and
// after each gate at which nodes wait for each other.
func (s *Server) nodePlans(ctx context.Context, tx *model.Tx) []v1.NodePlan {
	touched := tx.Touched()
	out := map[string]v1.NodePlan{}
	base, now := tx.Base(), tx.World
	for phase := 0; now != nil && phase < planPhases; phase++ {
		for node, p := range s.phase(ctx, s.planSets(base, now, touched)) {
			out[node] = joined(out[node], p, phase > 0)
		}
		base, now = now, rules.Foresee(now, slices.Sorted(maps.Values(touched.Definitions)))
	}
	plans := make([]v1.NodePlan, 0, len(out))
	for _, p := range out {
		plans = append(plans, p)
	}
	sort.Slice(plans, func(i, j int) bool { return plans[i].Node < plans[j].Node })
	return plans
}

// planSets are the instructions by node that differ between two worlds.
func (s *Server) planSets(base, now *model.World, touched model.Touched) map[string]*wire.Set {
	sets := map[string]*wire.Set{}
	for _, ref := range concern(base, now, touched, &object.Request{}).replicas {
		res, _ := now.Resources.Get(ref.definition, ref.node)
		set := sets[res.Node]
		if set == nil {
			set = &wire.Set{Fence: s.cfg.Satellites.Fence()}
			for p := range now.Pools.Under(res.Node) {
				set.Pools = append(set.Pools, desired.Pool(now, p))
			}
			sets[res.Node] = set
		}
		set.Resources = append(set.Resources, desired.Resource(now, res))
	}
	return sets
}

func (s *Server) phase(ctx context.Context, sets map[string]*wire.Set) map[string]v1.NodePlan {
	out := make(map[string]v1.NodePlan, len(sets))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for node, set := range sets {
		wg.Go(func() {
			p := s.nodePlan(ctx, node, *set)
			mu.Lock()
			defer mu.Unlock()
			out[node] = p
		})
	}
	wg.Wait()
	return out
}

// joined adds the steps of a later phase that are not planned yet: each phase is planned
// from what the machine shows now.
func joined(have, more v1.NodePlan, later bool) v1.NodePlan {
	if have.Node == "" {
		have = more
		have.Steps = nil
	}
	for _, st := range more.Steps {
		if later && st.Command == "" {
			// What is in the way of a later phase now need not be then.
			continue
		}
		if slices.ContainsFunc(have.Steps, func(o v1.PlanStep) bool {
			return o.Resource == st.Resource && o.Command == st.Command && st.Command != ""
		}) {
			continue
		}
		if later {
			st.Why = afterOthers + st.Why
		}
		have.Steps = append(have.Steps, st)
	}
	return have
}

func (s *Server) nodePlan(ctx context.Context, node string, set wire.Set) v1.NodePlan {
	peer, ok := s.cfg.Satellites.Peer(node)
	if !ok {
		return v1.NodePlan{Node: node, Why: show.WhyOffline(s.cfg.Engine.World(), node)}
	}
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	a, err := peer.Plan(ctx, wire.PlanRequest{Set: set})
	if err != nil {
		return v1.NodePlan{Node: node, Why: err.Error()}
	}
	return v1.NodePlan{Node: node, Reachable: true, Steps: planSteps(a.Steps)}
}

func planSteps(in []wire.PlanStep) []v1.PlanStep {
	var out []v1.PlanStep
	for _, st := range in {
		step := v1.PlanStep{Resource: st.Resource, Layer: string(st.Layer), Command: st.Command, Why: st.Why, Effect: st.Effect, Destructive: st.Destructive}
		// What concerns the whole resource has no volume.
		if nr := int32(st.Volume); nr >= 0 {
			step.Volume = &nr
		}
		if st.Problem != nil {
			step.Why, step.Effect = st.Problem.Message+" "+st.Problem.Cause, "blocked"
		}
		out = append(out, step)
	}
	return out
}
