package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
)

// moduleSatellite marks the reports of satellites.
const moduleSatellite = "Satellite"

// Bounds of what is taken from one satellite: reports that are kept, and bytes of a text.
const (
	maxPerNode = 100
	maxText    = 16 << 10
)

// remoteID is the form of an id; it becomes a part of a file name.
var remoteID = regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{5}-[0-9]{6,9}$`)

// Take keeps a satellite's report. One that is known, or has no proper id, is dropped;
// so are the oldest of a node that has too many, for the others' sake.
func (b *Book) Take(node string, e link.ErrorReport) {
	if !remoteID.MatchString(e.ID) {
		return
	}
	name := "ErrorReport-" + e.ID + ".log"
	at := time.UnixMilli(e.TimeMS).UTC()
	text := renderRemote(node, e, at)
	b.mu.Lock()
	defer b.mu.Unlock()
	oldest, count := -1, 0
	for i, r := range b.reports {
		if r.Filename == name {
			return
		}
		if r.Module != moduleSatellite || !strings.EqualFold(r.NodeName, node) {
			continue
		}
		if count++; oldest < 0 {
			oldest = i
		}
	}
	if count >= maxPerNode {
		b.drop(b.reports[oldest])
		b.reports = append(b.reports[:oldest:oldest], b.reports[oldest+1:]...)
	}
	b.keep(v1.ErrorReport{NodeName: node, ErrorTime: at.UnixMilli(), Filename: name, Module: moduleSatellite, Version: oneLine(e.Version),
		Exception: "step failed", ExceptionMessage: limit(e.Message), OriginMethod: oneLine(e.Operation), Text: text})
}

// keep adds a report and drops the oldest one of too many; the caller holds mu.
func (b *Book) keep(r v1.ErrorReport) {
	b.reports = append(b.reports, r)
	if len(b.reports) > maxReports {
		b.drop(b.reports[0])
		b.reports = b.reports[1:]
	}
	if b.dir != "" {
		// A report that cannot be written is still listed while the process runs.
		_ = os.WriteFile(filepath.Join(b.dir, r.Filename), []byte(r.Text), 0o640)
	}
}

func renderRemote(node string, e link.ErrorReport, at time.Time) string {
	var s strings.Builder
	line := strings.Repeat("=", 60)
	fmt.Fprintf(&s, "ERROR REPORT %s\n\n%s\n\n", e.ID, line)
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&s, "%-32s    %s\n", name+":", value)
		}
	}
	for _, f := range [][2]string{{"Application", "Holdfast"}, {"Module", moduleSatellite}, {"Version", oneLine(e.Version)},
		{"Error time", at.Format(time.RFC3339)}, {"Node", node}, {"Operation", oneLine(e.Operation)}, {"Resource", oneLine(e.Resource)}} {
		field(f[0], f[1])
	}
	fmt.Fprintf(&s, "\n%s\n\nReported error:\n===============\n\n", line)
	field("Class name", "step failed")
	for _, f := range [][2]string{{"Error message", e.Message}, {"Cause", e.Cause}, {"Correction", e.Correction}, {"Details", e.Details}} {
		field(f[0], limit(f[1]))
	}
	s.WriteString("\nEND OF ERROR REPORT.\n")
	return s.String()
}

func oneLine(text string) string { return strings.Join(strings.Fields(limit(text)), " ") }

func limit(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + " …"
}
