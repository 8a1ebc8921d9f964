package rules

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/replication"
)

// Keys of the choice of DRBD's verify algorithm.
const (
	keyVerifyAlg     = "DrbdOptions/auto-verify-alg"
	keyVerifyOff     = "DrbdOptions/auto-verify-algo-disable"
	keyVerifyAllowed = "DrbdOptions/auto-verify-algo-allowed-list"
	keyVerifyUser    = "DrbdOptions/auto-verify-algo-allowed-user-list"
)

// chooseVerify keeps the hash algorithm by which the replicas of a definition can be
// compared: the first allowed one that the kernels of all its nodes have.
func chooseVerify(tx *model.Tx) error {
	for _, d := range replicated(tx) {
		alg, known := verifyAlg(tx.World, d)
		if !known || d.Props[keyVerifyAlg] == alg {
			continue
		}
		next := *d
		next.Props = replication.WithProp(d.Props, keyVerifyAlg, alg)
		tx.PutDefinition(&next)
	}
	return nil
}

// verifyAlg finds the algorithm; empty for none. It is not known as long as a node has
// not told what its kernel has.
func verifyAlg(w *model.World, d *model.Definition) (string, bool) {
	if v, ok := replication.Level(keyVerifyOff, replication.Levels(w, d)...); ok && replication.IsTrue(v) {
		return "", true
	}
	var kernels [][]string
	for _, r := range replication.Replicas(w, d.Name) {
		if n, ok := w.Nodes.Get(r.Node); r.Deleting != nil || !ok || n.Evicted {
			continue
		}
		st, ok := w.NodeStatus.Get(r.Node)
		if !ok || st.Host == nil || st.Host.Crypto == nil {
			return "", false
		}
		kernels = append(kernels, st.Host.Crypto)
	}
	if len(kernels) == 0 {
		return "", false
	}
	for alg := range strings.SplitSeq(w.Props()[keyVerifyAllowed]+";"+w.Props()[keyVerifyUser], ";") {
		alg = strings.TrimSpace(alg)
		everywhere := alg != "" && !slices.ContainsFunc(kernels, func(k []string) bool { return !slices.Contains(k, alg) })
		if everywhere {
			return alg, true
		}
	}
	return "", true
}
