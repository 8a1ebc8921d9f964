// Package report keeps error reports: what went wrong unexpectedly, with what a
// developer needs to find out why. Reports are files in the log directory and are
// listed and shown by the API.
package report

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// maxReports bounds how many reports are kept.
const maxReports = 1000

// Book is the reports of one process.
type Book struct {
	dir, node, module, version string
	now                        func() time.Time
	epoch                      int64
	mu                         sync.Mutex
	next                       int
	reports                    []v1.ErrorReport
}

// Open reads the reports of earlier runs from a directory, which is made if
// missing; an empty one keeps reports in memory only.
func Open(dir, node, module, version string, now func() time.Time) (*Book, error) {
	b := &Book{dir: dir, node: node, module: module, version: version, now: now, epoch: now().Unix()}
	if dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make the directory for error reports: %w", err)
	}
	return b, b.load()
}

func (b *Book) load() error {
	names, err := filepath.Glob(filepath.Join(b.dir, "ErrorReport-*.log"))
	if err != nil {
		return fmt.Errorf("list error reports: %w", err)
	}
	sort.Strings(names)
	for _, n := range names {
		data, err := os.ReadFile(n)
		info, serr := os.Stat(n)
		if err != nil || serr != nil {
			continue
		}
		b.reports = append(b.reports, parse(filepath.Base(n), string(data), info.ModTime()))
		// A run that began in the same second must not have its reports replaced.
		var nr int
		if _, err := fmt.Sscanf(filepath.Base(n), fmt.Sprintf("ErrorReport-%08X-%05X-%%06d.log", b.epoch, b.nodePart()), &nr); err == nil {
			b.next = max(b.next, nr+1)
		}
	}
	return nil
}

func parse(name, text string, at time.Time) v1.ErrorReport {
	r := v1.ErrorReport{Filename: name, ErrorTime: at.UnixMilli(), Text: text}
	seen := map[string]bool{}
	for line := range strings.SplitSeq(text, "\n") {
		key, value, ok := strings.Cut(line, ":")
		// What a message has in its further lines is no field.
		if key = strings.TrimSpace(key); !ok || seen[key] {
			continue
		}
		seen[key] = true
		value = strings.TrimSpace(value)
		switch key {
		case "Node":
			r.NodeName = value
		case "Module":
			r.Module = value
		case "Version":
			r.Version = value
		case "Peer":
			r.Peer = value
		case "Error time":
			if t, err := time.Parse(time.RFC3339, value); err == nil {
				r.ErrorTime = t.UnixMilli()
			}
		case "Class name":
			r.Exception = value
		case "Error message":
			r.ExceptionMessage = value
		case "Operation":
			r.OriginMethod = value
		}
	}
	return r
}

// Add writes a report and answers its id.
func (b *Book) Add(op, peer string, err error, stack string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	id := fmt.Sprintf("%08X-%05X-%06d", b.epoch, b.nodePart(), b.next)
	b.next++
	at := b.now().UTC()
	text := render(b, id, op, peer, err, stack, at)
	name := "ErrorReport-" + id + ".log"
	b.keep(v1.ErrorReport{NodeName: b.node, ErrorTime: at.UnixMilli(), Filename: name, Module: b.module,
		Version: b.version, Peer: peer, Exception: fmt.Sprintf("%T", err), ExceptionMessage: err.Error(), OriginMethod: op, Text: text})
	return id
}

func (b *Book) nodePart() uint32 {
	if b.module == "Controller" {
		return 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(b.node))
	return h.Sum32() & 0xFFFFF
}

func render(b *Book, id, op, peer string, err error, stack string, at time.Time) string {
	var s strings.Builder
	line := strings.Repeat("=", 60)
	fmt.Fprintf(&s, "ERROR REPORT %s\n\n%s\n\n", id, line)
	for _, f := range [][2]string{{"Application", "Holdfast"}, {"Module", b.module}, {"Version", b.version},
		{"Error time", at.Format(time.RFC3339)}, {"Node", b.node}, {"Operation", op}, {"Peer", peer}} {
		fmt.Fprintf(&s, "%-32s    %s\n", f[0]+":", f[1])
	}
	fmt.Fprintf(&s, "\n%s\n\nReported error:\n===============\n\n", line)
	fmt.Fprintf(&s, "%-32s    %T\n%-32s    %v\n\n", "Class name:", err, "Error message:", err)
	if stack != "" {
		fmt.Fprintf(&s, "Call backtrace:\n\n%s\n", stack)
	}
	s.WriteString("END OF ERROR REPORT.\n")
	return s.String()
}

func (b *Book) drop(r v1.ErrorReport) {
	if b.dir != "" {
		_ = os.Remove(filepath.Join(b.dir, r.Filename))
	}
}

// List answers the reports, newest first.
func (b *Book) List() []v1.ErrorReport {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]v1.ErrorReport, 0, len(b.reports))
	for _, r := range slices.Backward(b.reports) {
		out = append(out, r)
	}
	return out
}

// Delete removes the reports that match.
func (b *Book) Delete(match func(v1.ErrorReport) bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	kept := b.reports[:0]
	n := 0
	for _, r := range b.reports {
		if match(r) {
			b.drop(r)
			n++
			continue
		}
		kept = append(kept, r)
	}
	b.reports = kept
	return n
}
