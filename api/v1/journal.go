package v1

import "time"

// JournalEntry is one revision of the cluster's state: who changed what and when.
type JournalEntry struct {
	Revision int64     `json:"revision"`
	Time     time.Time `json:"time"`
	// Actors are those whose changes share the revision.
	Actors []string `json:"actors"`
	// Changes are "modify" or "delete", the kind and the key of each object.
	Changes []string `json:"changes"`
}
