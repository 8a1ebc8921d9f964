//go:build linux

package oshost

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// progress notices whether a command's processes do anything: use CPU time, or
// read, write or discard. A mkfs of a huge disk does, a command that waits for a
// lock or a dead disk does not, although the kernel may wake it now and then.
type progress struct {
	pid   int
	last  activity
	since time.Time
}

// activity is what a command and its children have done so far.
type activity struct {
	// calls changes whenever one of them reads or writes, begins or ends.
	calls string
	// ticks of CPU time that they have used.
	ticks int64
}

// tick is the unit of CPU time in proc(5), and idle one part of how many may be used by a
// command that only looks again and again whether it may go on.
const (
	tick = 10 * time.Millisecond
	idle = 100
)

func newProgress(pid int, now time.Time) *progress {
	return &progress{pid: pid, last: activityOf(pid), since: now}
}

// look says for how long nothing has moved.
func (p *progress) look(now time.Time) time.Duration { return p.note(activityOf(p.pid), now) }

func (p *progress) note(a activity, now time.Time) time.Duration {
	still := now.Sub(p.since)
	used := time.Duration(a.ticks-p.last.ticks) * tick
	if a.calls != p.last.calls || used < 0 || used > 0 && used*idle >= still {
		p.last, p.since, still = a, now, 0
	}
	return still
}

// activityOf counts children too, because many tools let another one do the work.
func activityOf(pid int) activity {
	var a activity
	var b strings.Builder
	for _, child := range append([]int{pid}, descendants(pid)...) {
		a.ticks += cpuTicks(child)
		fmt.Fprintf(&b, "%d %s\n", child, ioBytes(child))
	}
	a.calls = b.String()
	return a
}

// descendants are the children of a process, and theirs.
func descendants(pid int) []int {
	var out []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is good
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // ended meanwhile
		}
		for word := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				out = append(out, child)
				out = append(out, descendants(child)...)
			}
		}
	}
	return out
}

// cpuTicks are utime, stime, cutime and cstime of a process, see proc(5). The fields
// are counted after the name, which may hold blanks and parentheses.
func cpuTicks(pid int) int64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 15 {
		return 0
	}
	var sum int64
	for _, f := range fields[11:15] {
		if n, err := strconv.ParseInt(f, 10, 64); err == nil {
			sum += n
		}
	}
	return sum
}

// ioBytes counts bytes and calls; read and write calls tell of pipes and sockets,
// too. A file that cannot be read counts as standing still.
func ioBytes(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Fields(string(data)), " ")
}
