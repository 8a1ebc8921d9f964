package advise

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
)

// The kinds of issues.
const (
	singleReplica = "single-replica"
	splitBrain    = "pot-split-brain"
	disklessInUse = "diskless-in-use"
	tooFew        = "too-few-replicas"
	tooMany       = "too-many-replicas"
	noTiebreaker  = "no-tiebreaker"
)

type issue struct {
	kind     string
	Resource string `json:"resource"`
	What     string `json:"what"`
	Fix      string `json:"fix"`
}

// replicas are the resources of a definition, with a disk and without.
func (s state) replicas(name string) (diskful, diskless []v1.ResourceWithVolumes) {
	for _, r := range s.resources {
		switch {
		case !cli.SameName(r.Name, name):
		case cli.HasFlag(r.Flags, "DISKLESS") || cli.HasFlag(r.Flags, "DRBD_DISKLESS"):
			diskless = append(diskless, r)
		default:
			diskful = append(diskful, r)
		}
	}
	return diskful, diskless
}

// goal is the place count of the definition's group, 0 if it has none.
func (s state) goal(d v1.ResourceDefinition) int {
	for _, g := range s.groups {
		if cli.SameName(g.Name, d.ResourceGroupName) && g.SelectFilter != nil && g.SelectFilter.PlaceCount != nil {
			return int(*g.SelectFilter.PlaceCount)
		}
	}
	return 0
}

func resourceIssues(prog string, s state) []issue {
	var out []issue
	for _, d := range s.definitions {
		diskful, diskless := s.replicas(d.Name)
		goal := s.goal(d)
		switch {
		case goal > 0 && len(diskful) < goal:
			out = append(out, issue{tooFew, d.Name, fmt.Sprintf("Resource expected to have %d replicas, got only %d.", goal, len(diskful)),
				fmt.Sprintf("%s rd ap --place-count %d %s", prog, goal, d.Name)})
		case goal > 0 && len(diskful) > goal:
			out = append(out, issue{tooMany, d.Name, fmt.Sprintf("Resource expected to have %d replicas, got %d.", goal, len(diskful)),
				fmt.Sprintf("%s r d %s %s", prog, unused(diskful), d.Name)})
		}
		if len(diskful) == 2 && len(diskless) == 0 {
			out = append(out, issue{noTiebreaker, d.Name, "Resource has 2 replicas but no tie-breaker, could lead to split brain.",
				fmt.Sprintf("%s rd ap --drbd-diskless --place-count 1 %s", prog, d.Name)})
		}
		out = append(out, s.disklessIssues(prog, d, diskless)...)
	}
	return out
}

// unused names a node whose replica is not in use.
func unused(list []v1.ResourceWithVolumes) string {
	for _, r := range list {
		if !inUse(r) {
			return r.NodeName
		}
	}
	return list[len(list)-1].NodeName
}

func inUse(r v1.ResourceWithVolumes) bool {
	return r.State != nil && r.State.InUse != nil && *r.State.InUse
}

func (s state) disklessIssues(prog string, d v1.ResourceDefinition, diskless []v1.ResourceWithVolumes) []issue {
	var out []issue
	for _, r := range diskless {
		if pool := s.poolFor(d, r.NodeName); inUse(r) && pool != "" {
			out = append(out, issue{disklessInUse, d.Name, fmt.Sprintf("Resource is in use on diskless node '%s', which has a matching storage pool.", r.NodeName),
				fmt.Sprintf("%s r td -s %s %s %s", prog, pool, r.NodeName, d.Name)})
		}
	}
	return out
}

// poolFor is a pool on the node that the definition's replicas use elsewhere.
func (s state) poolFor(d v1.ResourceDefinition, node string) string {
	used := map[string]bool{}
	diskful, _ := s.replicas(d.Name)
	for _, r := range diskful {
		for _, v := range r.Volumes {
			used[v.StoragePoolName] = true
		}
	}
	for _, p := range s.pools {
		if cli.SameName(p.NodeName, node) && p.ProviderKind != v1.ProviderKindDiskless && used[p.StoragePoolName] {
			return p.StoragePoolName
		}
	}
	return ""
}

func maintenanceIssues(prog string, s state, node string) []issue {
	var out []issue
	for _, d := range s.definitions {
		diskful, diskless := s.replicas(d.Name)
		here := false
		for _, r := range append(append([]v1.ResourceWithVolumes{}, diskful...), diskless...) {
			here = here || cli.SameName(r.NodeName, node)
		}
		switch {
		case !here:
		case len(diskful) == 1 && cli.SameName(diskful[0].NodeName, node):
			out = append(out, issue{singleReplica, d.Name, fmt.Sprintf("Resource has only one replica, on node '%s'.", node),
				fmt.Sprintf("%s rd ap --place-count 2 %s", prog, d.Name)})
		case len(diskful)+len(diskless) < 3:
			out = append(out, issue{splitBrain, d.Name, "Resource has fewer than 3 nodes, a failure now could lead to split brain.",
				fmt.Sprintf("%s rd ap --place-count 3 %s", prog, d.Name)})
		}
	}
	return out
}
