package replication

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// keyVerify is the algorithm by which replicas are compared, as a user sets it.
const keyVerify = "DrbdOptions/Net/verify-alg"

// CheckVerify refuses a verify algorithm that a node with a replica is known not to
// have: DRBD could not connect there any more. override is what a user sets.
func CheckVerify(w *model.World, d *model.Definition, override map[string]string) error {
	alg := override[keyVerify]
	if alg == "" {
		return nil
	}
	for _, r := range Replicas(w, d.Name) {
		st, ok := w.NodeStatus.Get(r.Node)
		if !ok || st.Host == nil || st.Host.Crypto == nil || r.Deleting != nil || slices.Contains(st.Host.Crypto, alg) {
			continue
		}
		return fault.New(v1.FailInvalidProp, "'%s' cannot be the verify algorithm of resource definition '%s'.", alg, d.Name).
			Because("property '%s': the kernel of node '%s' does not have it", keyVerify, r.Node).
			Fix("Use one that all its nodes have, such as %s.", strings.Join(common(w, d), ", ")).Ref("RscDfn", d.Name).Ref("Node", r.Node)
	}
	return nil
}

// common are some algorithms that all nodes of a definition have.
func common(w *model.World, d *model.Definition) []string {
	const enough = 5
	var all []string
	for i, r := range Replicas(w, d.Name) {
		st, ok := w.NodeStatus.Get(r.Node)
		switch {
		case !ok || st.Host == nil || st.Host.Crypto == nil:
		case i == 0 || all == nil:
			all = slices.Clone(st.Host.Crypto)
		default:
			all = slices.DeleteFunc(all, func(a string) bool { return !slices.Contains(st.Host.Crypto, a) })
		}
	}
	return all[:min(len(all), enough)]
}
