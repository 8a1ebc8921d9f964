package place

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// mixingTip helps where replicas would lie on storage of unlike kinds.
const mixingTip = "set AllowMixingStoragePoolDriver and DrbdOptions/ExactSize to true if DRBD on all nodes copes with it"

// lowerCount advises a place count that can be reached; none is no advice.
func lowerCount(lead string, count int) string {
	if count < 1 {
		return ""
	}
	return fmt.Sprintf("%slower the place count to %d", lead, count)
}

// advice says what would help most.
func (w *world) advice(r *Result, reasons []*reason, constrained bool, most int) string {
	if constrained && len(w.keys) > 0 {
		return fmt.Sprintf("Add nodes with other values of %s%s.",
			strings.Join(w.keyNames(), ", "), lowerCount(", or ", r.Deployed+most))
	}
	if len(reasons) == 0 {
		return fmt.Sprintf("Create a storage pool for %s replicas on more nodes%s.",
			w.q.word(), lowerCount(", or ", r.Deployed+most))
	}
	var tips []string
	for _, g := range merged(reasons) {
		tip := g.tip()
		if tip != "" && !slices.Contains(tips, tip) {
			tips = append(tips, tip)
		}
		if len(tips) == 3 {
			break
		}
	}
	if tip := lowerCount("", r.Deployed+most); tip != "" {
		tips = append(tips, tip)
	}
	return capital(strings.Join(tips, "; or ")) + "."
}

// merged puts reasons of one kind together: what helps is the same for all of them.
func merged(reasons []*reason) []*reason {
	var out []*reason
	for _, g := range reasons {
		i := slices.IndexFunc(out, func(o *reason) bool { return o.code == g.code })
		if i < 0 {
			all := *g
			all.nodes = slices.Clone(g.nodes)
			out = append(out, &all)
			continue
		}
		for _, n := range g.nodes {
			if !slices.Contains(out[i].nodes, n) {
				out[i].nodes = append(out[i].nodes, n)
			}
		}
	}
	return out
}

// tip is what the user can do about a reason.
func (g *reason) tip() string {
	nodes := strings.Join(g.nodes, ", ")
	switch g.code {
	case CodeOffline:
		return "bring the satellite on " + nodes + " online"
	case CodeEvacuating, CodeEvicted:
		return "restore node " + nodes
	case CodeSpace:
		return "free or add space on " + nodes + ", or ask for smaller volumes"
	case CodeThinFree:
		return "free space in the thin pools on " + nodes + ", or lower " + KeyMinThinFree
	case CodeNoCapacity:
		return "check the satellite on " + nodes + ", which reports no capacity"
	case CodeAutoplaceTarget:
		return "set AutoplaceTarget to true on " + nodes
	case CodeLayer, CodeProvider:
		return "install the missing tools on " + nodes
	case CodeSame, CodeForbiddenValue, CodeDifferent:
		return "change the replica constraints or the properties of " + nodes
	case CodeNotListed, CodePoolNotListed, CodeKindNotListed:
		return "widen the list of nodes, storage pools or providers"
	case CodeNotWith:
		return "drop the resources to be kept apart from"
	case CodeMixing:
		return mixingTip
	case CodeDeployed:
		return "add nodes"
	}
	return ""
}

func (w *world) keyNames() []string {
	names := make([]string, len(w.keys))
	for i := range w.keys {
		names[i] = w.keys[i].key
	}
	return names
}

// filterLines shows the query.
func (w *world) filterLines() []string {
	q := w.q
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+": "+value)
		}
	}
	if q.Additional > 0 {
		add("additional replicas", fmt.Sprint(q.Additional))
	} else {
		add("place count", fmt.Sprint(q.PlaceCount))
	}
	if w.needKiB > 0 {
		add("space per replica", sizeText(w.needKiB))
	}
	add("nodes", strings.Join(q.NodeNames, ", "))
	add("storage pools", strings.Join(q.StoragePools, ", "))
	add("diskless storage pools", strings.Join(q.DisklessPools, ", "))
	add("not with resources", strings.Join(q.NotWith, ", "))
	if q.NotWithRegex != nil {
		add("not with resources matching", q.NotWithRegex.String())
	}
	add("replicas on same", strings.Join(q.ReplicasOnSame, ", "))
	add("replicas on different", strings.Join(q.ReplicasOnDifferent, ", "))
	var x []string
	for _, key := range slices.Sorted(maps.Keys(q.XReplicasOnDifferent)) {
		x = append(x, fmt.Sprintf("%s (%d per value)", key, q.XReplicasOnDifferent[key]))
	}
	add("replicas on different, several per value", strings.Join(x, ", "))
	add("layers", joinNames(q.LayerStack))
	add("providers", joinNames(q.Providers))
	if q.MinIOSizeBytes > 0 {
		add("minimum IO size", fmt.Sprintf("%d bytes", q.MinIOSizeBytes))
	}
	return out
}

func joinNames[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return strings.Join(out, ", ")
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
