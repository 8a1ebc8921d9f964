package place

import (
	"fmt"
	"slices"
	"strings"
)

// against lists what speaks against a replica, given those that remain.
func (u *unplacer) against(i int) []string {
	r := &u.replicas[i]
	var out []string
	if !r.UpToDate {
		out = append(out, "not up to date")
	}
	if !r.Ready {
		out = append(out, "not ready")
	}
	if r.SkipDisk {
		out = append(out, "its disk failed")
	}
	out = append(out, u.againstPool(i)...)
	node := u.w.find(r.Node)
	if node < 0 {
		return append(out, "the node is not known")
	}
	n := u.nodes[node]
	out = append(out, u.againstNode(n)...)
	out = append(out, u.againstSame(n)...)
	return append(out, u.againstDifferent(n)...)
}

func (u *unplacer) againstPool(i int) (out []string) {
	r := &u.replicas[i]
	if len(u.q.StoragePools) > 0 && !containsName(u.q.StoragePools, r.Pool) {
		out = append(out, "the pool is not in the list: "+strings.Join(u.q.StoragePools, ", "))
	}
	if len(u.q.Providers) > 0 && !slices.Contains(u.q.Providers, r.Kind) {
		out = append(out, "kind "+string(r.Kind)+" is not in the list of providers")
	}
	if r.SharedSpace != "" {
		for j := range u.replicas {
			if j != i && u.remains(j) && u.replicas[j].SharedSpace == r.SharedSpace {
				out = append(out, "shares its storage with the replica on node "+u.replicas[j].Node)
				break
			}
		}
	}
	return out
}

func (u *unplacer) againstNode(n *Node) (out []string) {
	switch {
	case n.Evicted:
		out = append(out, "the node is evicted")
	case n.Evacuating:
		out = append(out, "the node is being evacuated")
	}
	if len(u.q.NodeNames) > 0 && !containsName(u.q.NodeNames, n.Name) {
		out = append(out, "the node is not in the list: "+strings.Join(u.q.NodeNames, ", "))
	}
	if name, ok := u.w.avoided(n); ok {
		out = append(out, "the node has resource "+name+", which is to be kept apart")
	}
	for _, f := range u.w.forbidden {
		if v, ok := n.Props[f.Key]; ok && v == f.Value {
			out = append(out, "replicas_on_different excludes nodes with "+f.String())
		}
	}
	return out
}

// againstSame compares with the value asked for or, where none is, with the one that
// most replicas have; if no value has the majority alone, nobody is in the wrong more
// than another.
func (u *unplacer) againstSame(n *Node) (out []string) {
	for _, r := range u.same {
		v, ok := n.Props[r.Key]
		if r.HasValue {
			if !ok || v != r.Value {
				out = append(out, "replicas_on_same asks for "+r.String()+", the node has "+propText(r.Key, v, ok))
			}
			continue
		}
		own, others := 0, map[string]int{}
		for j := range u.replicas {
			if value, ok2, there := u.valueAt(j, r.Key); there {
				if ok2 == ok && value == v {
					own++
				} else {
					others[propText(r.Key, value, ok2)]++
				}
			}
		}
		for _, count := range others {
			if count >= own {
				out = append(out, "other replicas differ in "+r.Key+", the node has "+propText(r.Key, v, ok))
				break
			}
		}
	}
	return out
}

// valueAt gives the property of the node of a diskful replica that remains.
func (u *unplacer) valueAt(j int, key string) (value string, ok, there bool) {
	node := u.w.find(u.replicas[j].Node)
	if node < 0 || !u.remains(j) || u.replicas[j].Diskless {
		return "", false, false
	}
	value, ok = u.nodes[node].Props[key]
	return value, ok, true
}

// againstDifferent finds values that more replicas have than allowed.
func (u *unplacer) againstDifferent(n *Node) (out []string) {
	for k := range u.w.keys {
		key := &u.w.keys[k]
		v, ok := n.Props[key.key]
		count := 0
		for j := range u.replicas {
			if value, ok2, there := u.valueAt(j, key.key); there && ok2 == ok && value == v {
				count++
			}
		}
		if count > key.limit {
			out = append(out, fmt.Sprintf("%d replicas on nodes with %s, at most %d allowed",
				count, propText(key.key, v, ok), key.limit))
		}
	}
	return out
}
