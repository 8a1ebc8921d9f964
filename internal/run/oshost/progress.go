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
// lock or a dead disk does not.
type progress struct {
	pid   int
	last  string
	since time.Time
}

func newProgress(pid int, now time.Time) *progress {
	return &progress{pid: pid, last: activity(pid), since: now}
}

// look says for how long nothing has moved.
func (p *progress) look(now time.Time) time.Duration {
	if a := activity(p.pid); a != p.last {
		p.last, p.since = a, now
	}
	return now.Sub(p.since)
}

// activity is a text that changes whenever one of the group's processes does
// something. Children count because many tools let another one do the work.
func activity(pid int) string {
	var b strings.Builder
	for _, child := range append([]int{pid}, descendants(pid)...) {
		fmt.Fprintf(&b, "%d %s %s\n", child, cpuTime(child), ioBytes(child))
	}
	return b.String()
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
		for _, word := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				out = append(out, child)
				out = append(out, descendants(child)...)
			}
		}
	}
	return out
}

// cpuTime is utime, stime, cutime and cstime of a process, see proc(5). The fields
// are counted after the name, which may hold blanks and parentheses.
func cpuTime(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 15 {
		return ""
	}
	return strings.Join(fields[11:15], " ")
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
