package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/holdfast-storage/holdfast/internal/conf"
	"github.com/holdfast-storage/holdfast/internal/daemon"
	"github.com/holdfast-storage/holdfast/internal/store/dbtool"
	"github.com/holdfast-storage/holdfast/internal/version"
)

const dbUsage = `write one of
  db check [--json]             see whether the database is sound; changes nothing
  db repair [--json]            move aside what is damaged; deletes nothing
  db export [FILE]              write all records as JSON (default: standard output)
  db import [--force] FILE      put the records of an export in place ("-" reads standard input)
The options of the daemon, such as -c DIR or --set db.path=FILE, come before FILE.`

// errUnsound is a database that was read and has something wrong with it.
var errUnsound = errors.New("the database is not sound")

// database is the subcommand "db": looking after the database file.
func database(st daemon.Streams, args []string) int {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	args, asJSON := daemon.TakeSwitch(args, "--json")
	args, force := daemon.TakeSwitch(args, "--force")
	c, err := load(args)
	if code, goOn := daemon.Opening(st, program, version.Get().String(), c, err); !goOn {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d := dbCommand{Streams: st, path: c.DB.Path, asJSON: asJSON, force: force, files: c.Rest}
	switch verb {
	case "check":
		err = d.check(ctx)
	case "repair":
		err = d.repair(ctx)
	case "export":
		err = d.export(ctx)
	case "import":
		err = d.restore(ctx)
	default:
		err = &conf.UsageError{What: dbUsage}
	}
	var usage *conf.UsageError
	switch {
	case err == nil:
		return daemon.ExitOK
	case errors.As(err, &usage):
		return daemon.Fail(st.Err, daemon.ExitUsage, program, err)
	case errors.Is(err, errUnsound):
		return daemon.ExitCritical
	}
	return daemon.Fail(st.Err, daemon.ExitCritical, program, err)
}

type dbCommand struct {
	daemon.Streams
	path   string
	asJSON bool
	force  bool
	files  []string
}

// answer prints a result as text or JSON.
func (d dbCommand) answer(result interface{ WriteText(io.Writer) error }) error {
	if !d.asJSON {
		return result.WriteText(d.Out)
	}
	enc := json.NewEncoder(d.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(result)
}

func (d dbCommand) check(ctx context.Context) error {
	if len(d.files) > 0 {
		return &conf.UsageError{What: dbUsage}
	}
	r, err := dbtool.Check(ctx, d.path)
	if err != nil {
		return err
	}
	if err := d.answer(r); err != nil {
		return err
	}
	if !r.OK {
		return errUnsound
	}
	return nil
}

func (d dbCommand) repair(ctx context.Context) error {
	if len(d.files) > 0 {
		return &conf.UsageError{What: dbUsage}
	}
	r, err := dbtool.Repair(ctx, d.path)
	if err != nil {
		return err
	}
	return d.answer(r)
}

// export writes all that can be read; a damaged database goes as far as it can.
func (d dbCommand) export(ctx context.Context) error {
	if len(d.files) > 1 {
		return &conf.UsageError{What: dbUsage}
	}
	var r dbtool.Report
	var err error
	if len(d.files) == 0 || d.files[0] == "-" {
		r, err = dbtool.Export(ctx, d.path, d.Out)
	} else {
		r, err = exportFile(ctx, d.path, d.files[0])
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Err, "exported %d records at revision %d\n", r.Records, r.Rev)
	if r.OK {
		return nil
	}
	for _, p := range r.Unsolved {
		fmt.Fprintf(d.Err, "not exported: %s\n", p)
	}
	return errUnsound
}

// exportFile writes to a new file that only its owner can read: it holds secrets.
func exportFile(ctx context.Context, db, path string) (dbtool.Report, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return dbtool.Report{}, fmt.Errorf("make the export file: %w", err)
	}
	r, err := dbtool.Export(ctx, db, f)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		// A part of an export must not be taken for one.
		err = errors.Join(err, os.Remove(path))
	}
	return r, err
}

func (d dbCommand) restore(ctx context.Context) error {
	if len(d.files) != 1 {
		return &conf.UsageError{What: dbUsage}
	}
	in := d.In
	if d.files[0] != "-" {
		f, err := os.Open(d.files[0])
		if err != nil {
			return fmt.Errorf("open the export file: %w", err)
		}
		defer f.Close()
		in = f
	}
	r, err := dbtool.Import(ctx, d.path, in, d.force)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.Out, "imported %d records into %s at revision %d\n", r.Records, r.Path, r.Rev)
	if r.Copy != "" {
		fmt.Fprintf(d.Out, "the former database is in %s\n", r.Copy)
	}
	return nil
}
