package place

// State is what became of a pool.
type State string

// States of a verdict.
const (
	Chosen   State = "chosen"
	Eligible State = "eligible"
	Rejected State = "rejected"
)

// Code says why a pool has its state, for machines. Codes are part of the API.
type Code string

// Codes of rejected pools, in the order of the filters.
const (
	CodeUnknownNode     Code = "unknown_node"
	CodeWrongClass      Code = "wrong_class"
	CodeOffline         Code = "offline"
	CodeMinIOSize       Code = "min_io_size"
	CodeDeleting        Code = "node_deleting"
	CodeEvacuating      Code = "node_evacuating"
	CodeEvicted         Code = "node_evicted"
	CodeNotListed       Code = "node_not_listed"
	CodeSame            Code = "replicas_on_same"
	CodeForbiddenValue  Code = "forbidden_value"
	CodeDifferent       Code = "replicas_on_different"
	CodeAutoplaceTarget Code = "autoplace_target"
	CodeLayer           Code = "layer_unsupported"
	CodeProvider        Code = "provider_unsupported"
	CodeDeployed        Code = "already_deployed"
	CodeNotWith         Code = "not_place_with"
	CodeVeto            Code = "requirement"
	CodeNoCapacity      Code = "capacity_unknown"
	CodeSpace           Code = "not_enough_space"
	CodeThinFree        Code = "thin_pool_low"
	CodePoolNotListed   Code = "pool_not_listed"
	CodeKindNotListed   Code = "provider_not_listed"
	CodeSharedSpace     Code = "shared_space_used"
	CodeMixing          Code = "mixing_not_allowed"
)

// Codes of pools that passed the filters.
const (
	CodeChosen      Code = "chosen"
	CodeNotNeeded   Code = "not_needed"
	CodeLowerScore  Code = "lower_score"
	CodeNodeTaken   Code = "node_taken"
	CodeNoFit       Code = "does_not_combine"
	CodeUnsatisfied Code = "not_enough_others"
)

// Verdict is the judgement on one pool, which is the one that was passed in.
type Verdict struct {
	*Pool
	State State
	Code  Code
	// Score is that of a pool that passed the filters.
	Score float64
	why   *why
}

// why is the matter of a reason, put into words only when somebody reads it.
type why struct {
	code       Code
	subject    string
	found      string
	want, have int64
}

// UsableKiB is the space that new volumes may take in the pool.
func (v *Verdict) UsableKiB() int64 { return UsableKiB(v.Pool) }

// Result is a placement with the reasons for it.
type Result struct {
	Resource string
	Diskless bool
	// Wanted is the place count that follows from the query, Deployed what counts
	// towards it, Needed what was still to be placed (below 0: surplus).
	Wanted   int
	Deployed int
	Needed   int
	// Chosen are the verdicts of the chosen pools, best score first.
	Chosen []Verdict
	// Verdicts has one entry per pool, by node and pool name.
	Verdicts []Verdict
	// Exact is true if no combination has a higher sum of scores. It is false only
	// if the constraints were too entangled to search them all.
	Exact bool
	// ScoreSum adds up the scores of the chosen pools.
	ScoreSum float64
	// deployedOn names the nodes of counted replicas.
	deployedOn []string
}
