package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// lock is the sidecar file <db>.lock. Its flock tells two local controllers apart
// at once. Its content names the holder, and the watermark: the last revision and
// epoch that were acknowledged. The watermark is written after each commit, so it
// is never ahead of the database; a database behind it has lost something.
type lock struct {
	f          *os.File
	rev, epoch uint64
	// dead is the epoch of a holder that ran on this very host and, since the lock
	// was free, runs no more; 0 if there is none.
	dead uint64
}

// watermark is the last that is known to have been acknowledged.
type watermark struct{ rev, epoch uint64 }

// lockTries and lockPause let a reader pass that only looks whether it is held.
const (
	lockTries = 10
	lockPause = 10 * time.Millisecond
)

func takeLock(path string) (*lock, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, unreachable(path, err)
	}
	for try := 1; ; try++ {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil || !errors.Is(err, unix.EWOULDBLOCK) || try == lockTries {
			break
		}
		time.Sleep(lockPause)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		who := lockHolder(f)
		_ = f.Close()
		return nil, heldFault(path, who)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	l := &lock{f: f}
	mark := readMark(f)
	l.rev, l.epoch = mark.rev, mark.epoch
	if here := bootID(); here != "" && lockHost(f) == here {
		l.dead = mark.epoch
	}
	l.save()
	return l, nil
}

func heldFault(path, who string) error {
	return fault.New(v1.FailSQL, "The database %s is in use.", path).
		Because("%s holds its lock.", who).
		Fix("Stop that process first; only one controller may use a database file.").
		Wrap(store.ErrHeld)
}

// mark remembers what was acknowledged. It is not flushed: it must survive the
// process, and after a power cut an older mark is right as well.
func (l *lock) mark(rev, epoch uint64) {
	l.rev, l.epoch = max(l.rev, rev), max(l.epoch, epoch)
	l.save()
}

func (l *lock) save() {
	var s summer
	text := fmt.Sprintf("rev=%020d epoch=%020d", l.rev, l.epoch)
	line := fmt.Sprintf("%s sum=%016x\n%-10d %.64s %s\n", text, uint64(s.meta("mark", text)), os.Getpid(), filepath.Base(os.Args[0]), bootID())
	// A mark that cannot be written only makes a later loss harder to notice.
	_, _ = l.f.WriteAt([]byte(line), 0)
}

func (l *lock) release() error { return l.f.Close() }

// readMark is the watermark in a lock file; zero if there is none to be read.
func readMark(f *os.File) watermark {
	var m watermark
	var sum uint64
	var s summer
	line := readLines(f)[0]
	if n, err := fmt.Sscanf(line, "rev=%d epoch=%d sum=%x", &m.rev, &m.epoch, &sum); n != 3 || err != nil {
		return watermark{}
	}
	text, _, _ := strings.Cut(line, " sum=")
	if uint64(s.meta("mark", text)) != sum {
		return watermark{}
	}
	return m
}

func lockHolder(f *os.File) string {
	fields := strings.Fields(readLines(f)[1])
	if len(fields) < 2 {
		return "Another process"
	}
	return fmt.Sprintf("Process %s (%s)", fields[0], fields[1])
}

// lockHost is the host, in the boot in which it held the lock, of the last holder.
func lockHost(f *os.File) string {
	fields := strings.Fields(readLines(f)[1])
	if len(fields) < 3 {
		return ""
	}
	return fields[len(fields)-1]
}

// bootID names this host from one start to the next, "" if it is not known.
var bootID = sync.OnceValue(func() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
})

// readLines gives at least two lines.
func readLines(f *os.File) []string {
	buf := make([]byte, 256)
	n, _ := f.ReadAt(buf, 0)
	return append(strings.Split(string(buf[:n]), "\n"), "", "")
}

// holder tells who uses a database, "" if nobody does, without disturbing.
func holder(path string) (string, watermark) {
	f, err := os.Open(path + ".lock")
	if err != nil {
		return "", watermark{}
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); err != nil {
		return lockHolder(f), readMark(f)
	}
	return "", readMark(f)
}
