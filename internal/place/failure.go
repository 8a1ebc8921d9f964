package place

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// failure is the fault for a placement that was not found.
func (w *world) failure(r *Result, cands []cand, decided bool) *fault.Fault {
	reasons := r.reasons()
	if !decided {
		return fault.New(v1.FailUndecidableAutoplacment,
			"No placement for %s of resource %s was found, but none can be ruled out either",
			plural(int64(r.Needed), w.q.word()+" replica"), w.q.Resource).
			Because("the constraints on several node properties are too entangled to try all combinations").
			Fix("Use fewer properties in replicas_on_different, or name the nodes in node_name_list.").
			Detail("%s", w.details(r, reasons)).Ref("RscDfn", w.q.Resource)
	}
	most, sure := w.most(cands, r.Needed)
	limit := "at most"
	if !sure {
		limit = "probably only"
	}
	text := fmt.Sprintf("Not enough available nodes: %s wanted", plural(int64(r.Wanted), w.q.word()+" replica"))
	if w.q.Resource != "" {
		text += " for resource " + w.q.Resource
	}
	switch {
	case r.Deployed > 0:
		text += fmt.Sprintf(", %d deployed, %d more needed, %d could be placed", r.Deployed, r.Needed, most)
	default:
		text += fmt.Sprintf(", %d could be placed", most)
	}
	f := fault.New(v1.FailNotEnoughNodes, "%s", text).Detail("%s", w.details(r, reasons))
	if len(cands) > most {
		f.Because("%s would serve, but %s %d together under the constraints", plural(int64(len(cands)), "pool"), limit, most)
	} else if len(reasons) > 0 {
		f.Because("%s", reasons[0])
	}
	fix := w.advice(r, reasons, len(cands) > most, most)
	if singleFamily(cands) == 0 {
		fix += " The pools that would serve are of unlike kinds: " + mixingTip + "."
	}
	f.Fix("%s", fix)
	if w.q.Resource != "" {
		f.Ref("RscDfn", w.q.Resource)
	}
	return f
}

// most finds how many replicas could be placed, for the message only: with few steps
// per try, since it must not make a failure slow. sure is false if a try was left open.
func (w *world) most(cands []cand, needed int) (n int, sure bool) {
	sure = true
	for n = min(needed-1, len(cands)); n > 0; n-- {
		got := w.choose(cands, n, searchSteps/100)
		if got.found {
			break
		}
		sure = sure && got.decided
	}
	return n, sure
}

// reason is one reason with the pools that it holds for.
type reason struct {
	text  string
	pools []string
	nodes []string
	order int
	whole bool // the reason concerns nodes rather than pools
	code  Code
}

func (g *reason) String() string {
	if g.whole {
		return g.text + ": " + strings.Join(g.nodes, ", ")
	}
	return g.text + ": " + strings.Join(g.pools, ", ")
}

// reasons groups the rejections, most frequent first. Pools of the other class were
// never meant and are left out.
func (r *Result) reasons() []*reason {
	index := map[string]*reason{}
	var all []*reason
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if v.State != Rejected || v.Code == CodeWrongClass {
			continue
		}
		text := v.Reason()
		g := index[text]
		if g == nil {
			g = &reason{text: text, order: len(all), code: v.Code, whole: v.why.textNode() != ""}
			index[text] = g
			all = append(all, g)
		}
		g.pools = append(g.pools, v.Name+" on "+v.Node)
		if len(g.nodes) == 0 || g.nodes[len(g.nodes)-1] != v.Node {
			g.nodes = append(g.nodes, v.Node)
		}
	}
	slices.SortFunc(all, func(a, b *reason) int {
		return cmp.Or(cmp.Compare(len(b.pools), len(a.pools)), cmp.Compare(a.order, b.order))
	})
	return all
}

// details lists the reasons and the filter that led to them.
func (w *world) details(r *Result, reasons []*reason) string {
	var b strings.Builder
	var eligible []string
	for i := range r.Verdicts {
		if v := &r.Verdicts[i]; v.State == Eligible {
			eligible = append(eligible, v.Name+" on "+v.Node)
		}
	}
	if len(eligible) > 0 {
		fmt.Fprintf(&b, "Would serve: %s\n", strings.Join(eligible, ", "))
	}
	if len(reasons) > 0 {
		b.WriteString("Rejected:\n")
		for _, g := range reasons {
			fmt.Fprintf(&b, "  %s\n", g)
		}
	} else if len(eligible) == 0 {
		fmt.Fprintf(&b, "There is no storage pool for %s replicas.\n", w.q.word())
	}
	b.WriteString("Wanted:\n")
	for _, line := range w.filterLines() {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return strings.TrimRight(b.String(), "\n")
}

// notPlaceable tells whether Place failed for want of nodes.
func notPlaceable(err error) bool {
	f, ok := fault.As(err)
	return ok && f.Code == v1.FailNotEnoughNodes
}
