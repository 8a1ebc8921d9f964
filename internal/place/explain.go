package place

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Report is a result for people and REST clients.
type Report struct {
	Resource string  `json:"resource,omitempty"`
	Class    string  `json:"class"`
	Wanted   int     `json:"wanted"`
	Deployed int     `json:"deployed"`
	Needed   int     `json:"needed"`
	Found    int     `json:"found"`
	Exact    bool    `json:"exact"`
	ScoreSum float64 `json:"score_sum"`
	Rows     []Row   `json:"rows"`
}

// Row is the verdict on one pool.
type Row struct {
	NodeName     string          `json:"node_name"`
	StoragePool  string          `json:"storage_pool"`
	ProviderKind v1.ProviderKind `json:"provider_kind"`
	Verdict      State           `json:"verdict"`
	Code         Code            `json:"code"`
	// Score is absent for rejected pools.
	Score *float64 `json:"score,omitempty"`
	// UsableKiB is absent for diskless pools and where the capacity is not known.
	UsableKiB *int64 `json:"usable_kib,omitempty"`
	Reason    string `json:"reason"`
}

// Explain renders a result: chosen pools first, then eligible ones by score, then the
// rejected ones by node and pool.
func Explain(r *Result) Report {
	out := Report{Resource: r.Resource, Class: "diskful", Wanted: r.Wanted, Deployed: r.Deployed,
		Needed: r.Needed, Found: len(r.Chosen), Exact: r.Exact, ScoreSum: r.ScoreSum,
		Rows: make([]Row, 0, len(r.Verdicts))}
	if r.Diskless {
		out.Class = "diskless"
	}
	order := make([]*Verdict, len(r.Verdicts))
	for i := range r.Verdicts {
		order[i] = &r.Verdicts[i]
	}
	rank := map[State]int{Chosen: 0, Eligible: 1, Rejected: 2}
	slices.SortStableFunc(order, func(a, b *Verdict) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), cmp.Compare(b.Score, a.Score))
	})
	for _, v := range order {
		row := Row{NodeName: v.Node, StoragePool: v.Name, ProviderKind: v.Kind, Verdict: v.State,
			Code: v.Code, Reason: v.Reason()}
		if v.State != Rejected {
			score := v.Score
			row.Score = &score
		}
		if v.CapacityKnown && !v.Diskless {
			usable := v.UsableKiB()
			row.UsableKiB = &usable
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// AlreadyDeployed is the answer where nothing is needed; ok is false otherwise.
func (r *Result) AlreadyDeployed() (rc v1.ApiCallRc, ok bool) {
	if r.Needed > 0 {
		return v1.ApiCallRc{}, false
	}
	rc.RetCode = v1.WarnResourceAlreadyDeployed
	on := strings.Join(r.deployedOn, ", ")
	rc.Message = fmt.Sprintf("The place count of resource %s is already reached: %d wanted, %d deployed",
		r.Resource, r.Wanted, r.Deployed)
	if r.Needed < 0 {
		rc.Message = fmt.Sprintf("Resource %s has more replicas than wanted: %d wanted, %d deployed; %d would have to be deleted from nodes: %s",
			r.Resource, r.Wanted, r.Deployed, -r.Needed, on)
		rc.Correction = "Delete the surplus replicas, or raise the place count."
	}
	if on != "" {
		rc.Details = "Deployed on: " + on
	}
	if r.Resource != "" {
		rc.ObjRefs = map[string]string{"RscDfn": r.Resource}
	}
	return rc, true
}
