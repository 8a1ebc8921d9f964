// Package dbtool is the logic behind `holdfast-controller db check|repair|export|
// import`: looking after a database without a controller.
//
// Invariant: Check and Export change nothing and work beside a running controller;
// Repair and Import refuse while one runs. Nothing here deletes data that has not
// been copied first. It must not know what the records mean.
package dbtool

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

// Report is what Check has found; it is also the JSON form.
type Report struct {
	Path string `json:"path"`
	// OK says that all is there and sound.
	OK       bool           `json:"ok"`
	InUseBy  string         `json:"in_use_by,omitempty"`
	Schema   int            `json:"schema"`
	Rev      uint64         `json:"rev"`
	Records  int            `json:"records"`
	Kinds    map[string]int `json:"kinds,omitempty"`
	Epoch    uint64         `json:"lease_epoch"`
	Holder   string         `json:"lease_holder,omitempty"`
	Until    *time.Time     `json:"lease_until,omitempty"`
	Damage   []string       `json:"damage,omitempty"`
	Losses   []string       `json:"losses,omitempty"`
	Unsolved []Problem      `json:"unsolved,omitempty"`
	// Quarantined counts all that is kept aside, acknowledged or not.
	Quarantined  int      `json:"quarantined"`
	FileBytes    int64    `json:"file_bytes"`
	LogBytes     int64    `json:"log_bytes"`
	Backups      []string `json:"backups,omitempty"`
	DamagedFiles []string `json:"damaged_files,omitempty"`
}

// Problem is a record that cannot be served, or a report on the file (no kind).
type Problem struct {
	Kind string `json:"kind,omitempty"`
	Key  string `json:"key,omitempty"`
	Why  string `json:"why"`
}

// Check reads the whole database and says how it is.
func Check(ctx context.Context, path string) (Report, error) {
	in, err := sqlite.Inspect(ctx, path)
	if err != nil {
		return Report{}, err
	}
	r := Report{Path: path, InUseBy: in.HeldBy, Schema: in.Schema, Rev: in.Rev, Records: len(in.Records),
		Kinds: map[string]int{}, Epoch: in.Lease.Epoch, Holder: in.Lease.Holder, Damage: in.Broken,
		Losses: in.Losses, Quarantined: len(in.Quarantine), FileBytes: in.FileBytes, LogBytes: in.LogBytes,
		Backups: in.Backups, DamagedFiles: in.Damaged, Unsolved: problems(in.Bad)}
	if in.Lease.Holder != "" {
		r.Until = &in.Lease.Until
	}
	for _, rec := range in.Records {
		r.Kinds[rec.Kind]++
	}
	r.OK = len(r.Damage) == 0 && len(r.Losses) == 0 && len(r.Unsolved) == 0
	return r, nil
}

func problems(bad []store.Bad) []Problem {
	var out []Problem
	for _, b := range bad {
		out = append(out, Problem(b))
	}
	return out
}

// Repaired is what Repair has done.
type Repaired struct {
	Path string `json:"path"`
	// Done is what was changed, in order; empty if nothing had to be.
	Done []string `json:"done"`
	// Acknowledged are the reports that the controller will not repeat.
	Acknowledged []Problem `json:"acknowledged,omitempty"`
}

// Repair moves aside what is damaged, rebuilds the file if need be, and
// acknowledges what is in quarantine. Nothing is deleted.
func Repair(ctx context.Context, path string) (Repaired, error) {
	if err := sqlite.Present(path); err != nil {
		return Repaired{}, err
	}
	d, err := sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		return Repaired{}, err
	}
	out := Repaired{Path: path, Done: slices.Concat([]string{}, d.Did())}
	snap, err := d.Load(ctx)
	if err == nil {
		out.Acknowledged = problems(snap.Bad)
	}
	if err == nil && len(snap.Bad) > 0 {
		err = d.Acknowledge(ctx)
	}
	return out, closing(d, err)
}

// closing closes a database after the work and keeps the first error.
func closing(d io.Closer, err error) error {
	if cerr := d.Close(); err == nil && cerr != nil {
		return fmt.Errorf("close database: %w", cerr)
	}
	return err
}
