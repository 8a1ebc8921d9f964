package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// kindJournal is the stored kind of journal entries. They are a ring: a new one
// takes the place of the one journalLength revisions ago.
const (
	kindJournal   = "journal"
	journalLength = 1000
	// journalChanges bounds how many changes one entry lists.
	journalChanges = 50
)

// journal is who changed what, of the newest revisions. It is written in the same
// batch as the change itself.
type journal struct {
	mu      sync.Mutex
	entries map[string]v1.JournalEntry
}

func slot(rev uint64) string { return fmt.Sprintf("%04d", rev%journalLength) }

// load takes over a stored entry; one that cannot be read is only a lost note.
func (j *journal) load(key string, data []byte) {
	var e v1.JournalEntry
	if json.Unmarshal(data, &e) == nil {
		j.put(key, e)
	}
}

func (j *journal) put(key string, e v1.JournalEntry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.entries == nil {
		j.entries = map[string]v1.JournalEntry{}
	}
	j.entries[key] = e
}

// entry makes the note for a batch.
func (e *Engine) entry(rev uint64, done []worked, changes []store.Change) v1.JournalEntry {
	out := v1.JournalEntry{Revision: int64(rev), Time: e.cfg.Now().UTC()}
	for _, d := range done {
		if d.tx.Actor != "" && !slices.Contains(out.Actors, d.tx.Actor) {
			out.Actors = append(out.Actors, d.tx.Actor)
		}
	}
	for i, c := range changes {
		if i == journalChanges {
			out.Changes = append(out.Changes, fmt.Sprintf("… and %d more", len(changes)-i))
			break
		}
		verb := "modify"
		if c.Data == nil {
			verb = "delete"
		}
		out.Changes = append(out.Changes, verb+" "+c.Kind+" "+c.Key)
	}
	return out
}

// Journal lists the newest revisions, newest first.
func (e *Engine) Journal() []v1.JournalEntry {
	e.journal.mu.Lock()
	defer e.journal.mu.Unlock()
	out := make([]v1.JournalEntry, 0, len(e.journal.entries))
	for _, x := range e.journal.entries {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b v1.JournalEntry) int { return int(b.Revision - a.Revision) })
	return out
}
