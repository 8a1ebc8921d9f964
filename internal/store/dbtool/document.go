package dbtool

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

// Format and Version name the exported document.
const (
	Format  = "holdfast-database"
	Version = 1
)

// document is the exported form. It holds all secrets that the database holds.
type document struct {
	Format     string    `json:"format"`
	Version    int       `json:"version"`
	Rev        uint64    `json:"rev"`
	Epoch      uint64    `json:"lease_epoch"`
	ExportedAt time.Time `json:"exported_at"`
	// Bad is what could not be exported.
	Bad     []Problem `json:"bad,omitempty"`
	Records []record  `json:"records"`
}

type record struct {
	Kind string          `json:"kind"`
	Key  string          `json:"key"`
	Rev  uint64          `json:"rev"`
	Data json.RawMessage `json:"data"`
}

// Export writes all readable records as one JSON document, and answers the report
// of what it has read: a damaged database is exported as far as it goes.
func Export(ctx context.Context, path string, w io.Writer) (Report, error) {
	in, err := sqlite.Inspect(ctx, path)
	if err != nil {
		return Report{}, err
	}
	bad := problems(in.Bad)
	for _, why := range append(in.Broken, in.Losses...) {
		bad = append(bad, Problem{Why: why})
	}
	out := bufio.NewWriter(w)
	err = write(out, in.Snapshot, in.Lease.Epoch, bad, time.Now().UTC())
	if err = errors.Join(err, out.Flush()); err != nil {
		return Report{}, fmt.Errorf("write export: %w", err)
	}
	return Report{Path: path, OK: len(bad) == 0, Rev: in.Rev, Records: len(in.Records), Unsolved: bad}, nil
}

// write streams the document, so that data stays byte for byte what it is.
func write(out *bufio.Writer, snap store.Snapshot, epoch uint64, bad []Problem, now time.Time) error {
	head, err := json.Marshal(document{Format: Format, Version: Version, Rev: snap.Rev, Epoch: epoch, ExportedAt: now, Bad: bad, Records: []record{}})
	if err != nil {
		return err
	}
	if _, err := out.Write(head[:len(head)-len("]}")]); err != nil {
		return err
	}
	for i, r := range snap.Records {
		kind, err1 := json.Marshal(r.Kind)
		key, err2 := json.Marshal(r.Key)
		sep := ","
		if i == 0 {
			sep = ""
		}
		_, err3 := fmt.Fprintf(out, "%s\n{\"kind\":%s,\"key\":%s,\"rev\":%d,\"data\":%s}", sep, kind, key, r.Rev, r.Data)
		if err := errors.Join(err1, err2, err3); err != nil {
			return err
		}
	}
	_, err = out.WriteString("\n]}\n")
	return err
}

// Imported is what Import has done.
type Imported struct {
	Path    string `json:"path"`
	Rev     uint64 `json:"rev"`
	Records int    `json:"records"`
	// Copy is the database as it was before, if it was not empty.
	Copy string `json:"copy,omitempty"`
}

// Import puts the records of a document in place of those in the database. A
// database with records is only replaced with force, after it has been copied.
// The whole document is checked before anything is written.
func Import(ctx context.Context, path string, r io.Reader, force bool) (Imported, error) {
	doc, err := parse(r)
	if err != nil {
		return Imported{}, err
	}
	d, err := sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		return Imported{}, err
	}
	out, err := replace(ctx, d, path, doc, force)
	return out, closing(d, err)
}

func replace(ctx context.Context, d *sqlite.DB, path string, doc document, force bool) (Imported, error) {
	out := Imported{Path: path, Records: len(doc.Records)}
	snap, err := d.Load(ctx)
	if err != nil {
		return out, err
	}
	if used := len(snap.Records) + len(snap.Bad); used > 0 {
		if !force {
			return out, fault.New(v1.FailInvalidDbExportFile, "The database %s is not empty.", path).
				Because("It holds %d records at revision %d.", len(snap.Records), snap.Rev).
				Fix("Use --force to replace them; the database is copied first.")
		}
		if out.Copy, err = d.CopyTo(ctx, "before-import"); err != nil {
			return out, fmt.Errorf("copy database before import: %w", err)
		}
	}
	records := make([]store.Record, 0, len(doc.Records))
	for _, r := range doc.Records {
		records = append(records, store.Record{Kind: r.Kind, Key: r.Key, Data: r.Data})
	}
	out.Rev, err = d.Replace(ctx, doc.Rev, doc.Epoch, records)
	return out, err
}

// parse reads a document and refuses one that cannot be imported as a whole.
func parse(r io.Reader) (document, error) {
	var doc document
	dec := json.NewDecoder(r)
	if err := dec.Decode(&doc); err != nil {
		return doc, refuse("it is not a complete JSON document: %v", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return doc, refuse("something follows after the document")
	}
	if doc.Format != Format {
		return doc, refuse("field format is %q, not %q", doc.Format, Format)
	}
	if doc.Version < 1 || doc.Version > Version {
		return doc, refuse("field version is %d; this program knows versions 1 to %d", doc.Version, Version)
	}
	seen := make(map[[2]string]bool, len(doc.Records))
	for i, r := range doc.Records {
		at := [2]string{r.Kind, r.Key}
		err := store.CheckChange(store.Change{Kind: r.Kind, Key: r.Key, Data: r.Data})
		switch {
		case err != nil:
			return doc, refuse("record %d: %v", i, err)
		case r.Data == nil:
			return doc, refuse("record %d (%s %q) has no data", i, r.Kind, r.Key)
		case seen[at]:
			return doc, refuse("record %d: %s %q is there twice", i, r.Kind, r.Key)
		}
		seen[at] = true
	}
	return doc, nil
}

func refuse(format string, args ...any) error {
	return fault.New(v1.FailInvalidDbExportFile, "The file cannot be imported; nothing was changed.").
		Because(format, args...).
		Fix("Use a file written by 'holdfast-controller db export', unchanged and complete.")
}
