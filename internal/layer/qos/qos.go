// Package qos limits how fast devices of volumes are read and written, through the
// kernel's control groups. It is no layer: it offers no device.
//
// With version 1 of the control groups the limit is set in the root group and counts
// for everything on the node. Version 2 has no limits there: they are set in each
// group directly below the root, each of which then has the limit for itself, and
// what the kernel does in its own name is not limited.
//
// Invariant: only lines about the given devices are changed.
package qos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Where control groups are.
const (
	root   = "/sys/fs/cgroup"
	blkio  = root + "/blkio/blkio.throttle."
	unset  = "max"
	noneV1 = "0"
)

// limit is one kind of limit: its property, and its names in both versions.
type limit struct{ key, v1, v2 string }

func limits() []limit {
	return []limit{
		{"sys/fs/blkio_throttle_read", "read_bps_device", "rbps"},
		{"sys/fs/blkio_throttle_write", "write_bps_device", "wbps"},
		{"sys/fs/blkio_throttle_read_iops", "read_iops_device", "riops"},
		{"sys/fs/blkio_throttle_write_iops", "write_iops_device", "wiops"},
	}
}

// Target is a device with the properties in effect for its volume.
type Target struct {
	Volume int
	Path   string
	Props  map[string]string
	// Foreseen tells that the device is yet to be made: it has no number and no limits.
	Foreseen bool
}

// unnumbered stands for the number of a device that is yet to be made.
const unnumbered = "(new device)"

// Seen is what the node's control groups say.
type Seen struct {
	// files has the limits by file, device number and name.
	files map[string]map[string]map[string]string
	// numbers are the device numbers by path, such as 253:4.
	numbers map[string]string
	v2      bool
}

// Probe reads the limits. It runs a command only where there is one, or is to be one.
func Probe(ctx context.Context, h run.Host, targets []Target) (*Seen, error) {
	s := &Seen{files: map[string]map[string]map[string]string{}, numbers: map[string]string{}}
	files, err := h.Glob(ctx, blkio+"*_device")
	if err != nil {
		return nil, fmt.Errorf("look for control groups: %w", err)
	}
	if len(files) == 0 {
		s.v2 = true
		if files, err = h.Glob(ctx, root+"/*/io.max"); err != nil {
			return nil, fmt.Errorf("look for control groups: %w", err)
		}
	}
	any := slices.ContainsFunc(targets, func(t Target) bool { return t.limited() })
	for _, f := range files {
		data, err := h.ReadFile(ctx, f)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the group has ended
		}
		if err != nil {
			return nil, fmt.Errorf("read limits: %w", err)
		}
		s.files[f] = s.parse(path.Base(f), string(data))
		any = any || len(s.files[f]) > 0
	}
	if !any || len(targets) == 0 {
		return s, nil
	}
	return s, s.number(ctx, h, targets)
}

func (t Target) limited() bool {
	return slices.ContainsFunc(limits(), func(l limit) bool { return t.Props[l.key] != "" })
}

// parse reads lines such as "253:4 1048576" or "253:4 rbps=max wbps=1048576".
func (s *Seen) parse(file, text string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for l := range strings.Lines(text) {
		f := strings.Fields(l)
		if len(f) < 2 {
			continue
		}
		out[f[0]] = map[string]string{}
		for _, w := range f[1:] {
			name, value, both := strings.Cut(w, "=")
			if !both {
				name, value = strings.TrimPrefix(file, path.Base(blkio)), w
			}
			out[f[0]][name] = value
		}
	}
	return out
}

// number finds the device numbers with one command.
func (s *Seen) number(ctx context.Context, h run.Host, targets []Target) error {
	argv := []string{"stat", "--dereference", "--format=%t:%T"}
	var there []Target
	for _, t := range targets {
		if t.Foreseen {
			s.numbers[t.Path] = unnumbered
			continue
		}
		there = append(there, t)
		argv = append(argv, t.Path)
	}
	if targets = there; len(targets) == 0 {
		return nil
	}
	r, err := run.Must(ctx, h, run.Command(argv...))
	if err != nil {
		return fmt.Errorf("find device numbers: %w", err)
	}
	lines := strings.Fields(string(r.Stdout))
	if len(lines) != len(targets) {
		return fmt.Errorf("find device numbers: got %d of %d", len(lines), len(targets))
	}
	for i, t := range targets {
		major, minor, _ := strings.Cut(lines[i], ":")
		a, err1 := strconv.ParseUint(major, 16, 32)
		b, err2 := strconv.ParseUint(minor, 16, 32)
		if err := errors.Join(err1, err2); err != nil || a == 0 {
			return fmt.Errorf("find device numbers: stat says '%s' of %s", lines[i], t.Path)
		}
		s.numbers[t.Path] = fmt.Sprintf("%d:%d", a, b)
	}
	return nil
}

// Plan gives the steps that set, change and remove limits. Pure.
func Plan(targets []Target, s *Seen) ([]layer.Step, error) {
	var steps []layer.Step
	for _, t := range targets {
		want := map[string]string{}
		for _, l := range limits() {
			n, err := strconv.ParseUint(t.Props[l.key], 10, 63)
			if t.Props[l.key] != "" && err != nil {
				return nil, fault.New(v1.FailInvalidProp, "The property '%s' cannot be used.", l.key).
					Because("its value is '%s'", t.Props[l.key]).Fix("Set it to a whole number, or remove it.")
			}
			if n > 0 {
				want[l.v2] = strconv.FormatUint(n, 10)
			}
		}
		if len(want) > 0 && len(s.files) == 0 {
			return nil, fault.New(v1.FailInvalidProp, "The limits of volume %d cannot be set.", t.Volume).
				Because("the node has no control groups that limit devices, neither %s nor %s", blkio+"*", root+"/*/io.max").
				Fix("Enable the controller 'io' in %s/cgroup.subtree_control, or remove the properties sys/fs/blkio_throttle_*.", root)
		}
		if number := s.numbers[t.Path]; number != "" {
			steps = append(steps, s.steps(t, number, want)...)
		}
	}
	return steps, nil
}

func (s *Seen) steps(t Target, number string, want map[string]string) []layer.Step {
	var out []layer.Step
	for _, file := range s.sorted() {
		have, line, differs := s.files[file][number], number, false
		for _, l := range limits() {
			name, wanted, none := l.v2, want[l.v2], unset
			if !s.v2 {
				name, none = l.v1, noneV1
				if file != blkio+l.v1 {
					continue
				}
			}
			if wanted == "" {
				wanted = none
			}
			had := have[name]
			if had == "" {
				had = none
			}
			differs = differs || had != wanted
			if s.v2 {
				line += " " + name + "=" + wanted
			} else {
				line += " " + wanted
			}
		}
		if !differs {
			continue
		}
		c := run.Cmd{Argv: []string{"tee", file}, Stdin: []byte(line + "\n")}
		out = append(out, layer.Step{Volume: t.Volume, Step: provider.Step{Cmd: &c, Effect: provider.EffectModify,
			Why: fmt.Sprintf("set the limits of volume %d to %s", t.Volume, line)}})
	}
	return out
}

func (s *Seen) sorted() []string {
	out := make([]string, 0, len(s.files))
	for f := range s.files {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}
