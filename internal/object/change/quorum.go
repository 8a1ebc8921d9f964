package change

import (
	"maps"
	"slices"

	"github.com/holdfast-storage/holdfast/internal/model/prop"
)

// Keys by which the rules about quorum know whether a user has decided.
const (
	keyQuorum      = "DrbdOptions/Resource/quorum"
	keyQuorumSetBy = "Internal/Drbd/QuorumSetBy"
	byUser         = "user"
)

// markQuorum notes that a user has set DRBD's quorum, so that the rules leave it
// alone, or that it was given back to them. A value that is sent back as it was read
// is no decision.
func markQuorum(class prop.Class, current, override, next map[string]string, remove []string) map[string]string {
	switch class {
	case prop.Controller, prop.ResourceGroup, prop.ResourceDefinition:
	default:
		return next
	}
	value, set := override[keyQuorum]
	switch {
	case set && next[keyQuorum] == value && (current[keyQuorum] != value || len(override) == 1):
		next = maps.Clone(next)
		next[keyQuorumSetBy] = byUser
	case next[keyQuorum] == "" && (slices.Contains(remove, keyQuorum) || current[keyQuorum] != ""):
		next = maps.Clone(next)
		delete(next, keyQuorumSetBy)
	}
	return next
}
