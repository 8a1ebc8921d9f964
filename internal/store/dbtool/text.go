package dbtool

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// WriteText writes the report for a person.
func (r Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Database:     %s\n", r.Path)
	fmt.Fprintf(&b, "State:        %s\n", r.verdict())
	if r.InUseBy != "" {
		fmt.Fprintf(&b, "In use by:    %s\n", r.InUseBy)
	}
	fmt.Fprintf(&b, "Schema:       %d\nRevision:     %d\nRecords:      %d\n", r.Schema, r.Rev, r.Records)
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		fmt.Fprintf(&b, "  %-24s %d\n", kind, r.Kinds[kind])
	}
	if r.Until != nil {
		fmt.Fprintf(&b, "Lease:        %s, epoch %d, until %s\n", r.Holder, r.Epoch, r.Until.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(&b, "Size:         %d KiB, log %d KiB\n", r.FileBytes/1024, r.LogBytes/1024)
	fmt.Fprintf(&b, "Quarantine:   %d\n", r.Quarantined)
	list(&b, "Damage", r.Damage)
	list(&b, "Missing", r.Losses)
	var unsolved []string
	for _, p := range r.Unsolved {
		unsolved = append(unsolved, p.String())
	}
	list(&b, "Unsolved", unsolved)
	list(&b, "Backups", r.Backups)
	list(&b, "Damaged files", r.DamagedFiles)
	_, err := b.WriteTo(w)
	return err
}

func (r Report) verdict() string {
	switch {
	case r.OK:
		return "sound and complete"
	case len(r.Damage) > 0:
		return "damaged; the next start of the controller, or 'db repair', rebuilds it"
	case len(r.Losses) > 0:
		return "something is missing"
	}
	return "some records are not served; 'db repair' acknowledges them"
}

// String names the record, if it is one, and what is wrong.
func (p Problem) String() string {
	if p.Kind == "" {
		return p.Why
	}
	return fmt.Sprintf("%s %q: %s", p.Kind, p.Key, p.Why)
}

// WriteText writes what was done, for a person.
func (r Repaired) WriteText(w io.Writer) error {
	var b bytes.Buffer
	if len(r.Done) == 0 && len(r.Acknowledged) == 0 {
		fmt.Fprintf(&b, "%s is sound; nothing was changed.\n", r.Path)
	}
	list(&b, "Done", r.Done)
	var acked []string
	for _, p := range r.Acknowledged {
		acked = append(acked, p.String())
	}
	list(&b, "Acknowledged (kept in quarantine)", acked)
	_, err := b.WriteTo(w)
	return err
}

func list(b *bytes.Buffer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n", title)
	for _, l := range lines {
		fmt.Fprintf(b, "  - %s\n", l)
	}
}
