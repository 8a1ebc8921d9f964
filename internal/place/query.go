package place

import (
	"iter"
	"regexp"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Query is what is wanted. Empty lists do not restrict.
type Query struct {
	// Resource is the definition's name, for messages.
	Resource string
	// PlaceCount is the number of replicas to reach, deployed ones included.
	// Additional above 0 asks for that many more instead.
	PlaceCount int
	Additional int
	// Diskless asks for replicas without a disk.
	Diskless  bool
	NodeNames []string
	// ByHand tells that a user has named the node, so that AutoplaceTarget, which is
	// about automatic choices, does not count for it. The pool is still chosen.
	ByHand bool
	// StoragePools restricts diskful and DisklessPools diskless replicas.
	StoragePools  []string
	DisklessPools []string
	// NotWith are resources whose nodes are avoided; NotWithRegex matches anywhere in
	// their names. See CompileNotWith.
	NotWith      []string
	NotWithRegex *regexp.Regexp
	// HasResource tells whether a resource is on a node. It may be nil; Resources, all
	// names on a node, then answers instead. Both are asked only if the query needs them.
	HasResource func(node, resource string) bool
	Resources   func(node string) iter.Seq[string]
	// ReplicasOnSame and ReplicasOnDifferent hold "key" or "key=value";
	// XReplicasOnDifferent limits the replicas per value of a key.
	ReplicasOnSame       []string
	ReplicasOnDifferent  []string
	XReplicasOnDifferent map[string]int
	LayerStack           []v1.LayerType
	Providers            []v1.ProviderKind
	// VolumeSizesKiB are the sizes of the backing volumes.
	VolumeSizesKiB []int64
	// MinIOSizeBytes is the block size that the definition's volumes keep: pools with a
	// larger minimum IO size do not serve. It is 0 as long as it may still change; all new
	// replicas then agree among themselves.
	MinIOSizeBytes int64
	// AllowMixing allows kinds of storage that differ more than thin from thick; see
	// Node.MixesKinds.
	AllowMixing bool
	// Veto maps nodes to the reason why they do not serve, for needs that the placer
	// does not know, such as the version of an external tool.
	Veto map[string]string
	// Weights are those of the scores; nil means DefaultWeights.
	Weights *Weights
}

// CompileNotWith compiles the expression for resources to keep away from. It matches
// anywhere in a name and ignores case.
func CompileNotWith(expr string) (*regexp.Regexp, error) {
	if expr == "" {
		return nil, nil
	}
	re, err := regexp.Compile("(?i:" + expr + ")")
	if err != nil {
		return nil, fault.New(v1.FailInvalidRequest,
			"not_place_with_rsc_regex: %q is not a valid regular expression", expr).
			Because("%v", err).
			Fix("Write an expression in RE2 syntax, for example ^db-.*").Wrap(err)
	}
	return re, nil
}

// needKiB is the space that one replica takes.
func (q *Query) needKiB() int64 {
	var sum int64
	for _, s := range q.VolumeSizesKiB {
		sum = addSat(sum, max(s, 0))
	}
	return sum
}

// word names the class of replica in messages.
func (q *Query) word() string {
	if q.Diskless {
		return "diskless"
	}
	return "diskful"
}
