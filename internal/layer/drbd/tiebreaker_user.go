package drbd

import "fmt"

// TiebreakerDeletion is what follows when a user deletes a tiebreaker.
type TiebreakerDeletion struct {
	// Keep leaves the replica as it is.
	Keep bool
	// AutoTiebreaker is the value that the definition's property gets.
	AutoTiebreaker bool
	Why            string
}

// DeleteTiebreaker decides what a user's deletion of a tiebreaker means: that
// there shall be none, or, with keep_tiebreaker, that the rules shall go on.
func DeleteTiebreaker(resource, node string, keep bool) TiebreakerDeletion {
	if keep {
		return TiebreakerDeletion{Keep: true, AutoTiebreaker: true,
			Why: fmt.Sprintf("The tiebreaker of resource '%s' on node '%s' stays, as keep_tiebreaker asks for.", resource, node)}
	}
	return TiebreakerDeletion{Why: fmt.Sprintf(
		"The tiebreaker of resource '%s' on node '%s' was deleted by a user, so no other is added: DrbdOptions/auto-add-quorum-tiebreaker is set to False.", resource, node)}
}

// CreateOnTiebreaker tells what a user's request for a replica on the node of a
// tiebreaker means: it loses its mark, and gets a disk if one is asked for.
func CreateOnTiebreaker(resource, node string, diskful bool) (toDiskful bool, why string) {
	if diskful {
		return true, fmt.Sprintf("The tiebreaker of resource '%s' on node '%s' gets a disk.", resource, node)
	}
	return false, fmt.Sprintf("The tiebreaker of resource '%s' on node '%s' becomes an ordinary diskless replica.", resource, node)
}
