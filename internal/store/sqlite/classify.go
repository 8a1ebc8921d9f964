package sqlite

import (
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/holdfast-storage/holdfast/internal/store"
)

// code is SQLite's result code of an error, 0 if it is none of SQLite's.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code()
}

func primary(err error) int { return code(err) & 0xff }

// classify turns an error of a write into the port's errors.
func classify(err error) error {
	var commit errCommit
	switch p := primary(err); {
	case err == nil:
		return nil
	case p == lib.SQLITE_FULL, errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: %w", store.ErrFull, err)
	case p == lib.SQLITE_IOERR && (errors.As(err, &commit) || !beforeCommit(code(err))):
		return fmt.Errorf("%w: %w", store.ErrUnknownOutcome, err)
	default:
		return err
	}
}

// beforeCommit tells I/O errors that cannot be those of a commit.
func beforeCommit(c int) bool {
	return c == lib.SQLITE_IOERR_READ || c == lib.SQLITE_IOERR_SHORT_READ
}

// damaged tells whether an error of reading means that the file is damaged, so
// that salvage helps, rather than that it cannot be reached.
func damaged(err error) bool {
	switch primary(err) {
	case 0:
		return errors.Is(err, errBadMeta)
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_ERROR, lib.SQLITE_SCHEMA, lib.SQLITE_FORMAT,
		lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG, lib.SQLITE_CONSTRAINT, lib.SQLITE_EMPTY, lib.SQLITE_RANGE,
		lib.SQLITE_NOTFOUND, lib.SQLITE_INTERNAL, lib.SQLITE_PROTOCOL:
		return true
	case lib.SQLITE_IOERR:
		c := code(err)
		return beforeCommit(c) || c == lib.SQLITE_IOERR_DATA || c == lib.SQLITE_IOERR_CORRUPTFS
	}
	return false
}
