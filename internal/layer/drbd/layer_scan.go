package drbd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// seen is what a scan has found: all resources in the kernel, and the node.
type seen struct {
	states map[string]State
	tools  Tools
	uname  string
	// scan is its number, counted from when it began.
	scan int
}

// Scan asks the kernel for all resources with one command. The event stream is
// asked, as it tells of lower devices, paths and the chances of a promotion, which
// the status leaves out.
func (l *Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	node, err := l.know(ctx, h)
	if err != nil {
		return nil, err
	}
	scan := l.beginScan()
	r, err := h.Run(ctx, run.Command("drbdsetup", "events2", "--now", "--statistics"))
	if err != nil {
		return nil, fmt.Errorf("look at DRBD's resources: %w", err)
	}
	if r.ExitCode != 0 {
		return nil, fmt.Errorf("look at DRBD's resources: drbdsetup events2: exit code %d: %s", r.ExitCode, brief(strings.TrimSpace(string(r.Stderr))))
	}
	tree := NewTree()
	for line := range strings.Lines(string(r.Stdout)) {
		if _, err := tree.Apply(line); err != nil {
			return nil, fmt.Errorf("look at DRBD's resources: %w", err)
		}
	}
	if !tree.Complete {
		return nil, errors.New("look at DRBD's resources: the output of drbdsetup events2 ends before it is complete")
	}
	for name, s := range tree.Resources {
		for n, d := range s.Devices {
			if d.Disk == diskFailed {
				l.noteFailed(name, n)
			}
		}
	}
	l.noteStalls(tree.Resources)
	return &seen{states: tree.Resources, tools: node.tools, uname: node.uname, scan: scan}, nil
}

func (l *Layer) beginScan() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.scans++
	return l.scans
}

// probed is what one resource has on the node beside the kernel.
type probed struct {
	file, good []byte
	lower      map[int]Lower
	// slots has the node ids that have a bitmap on one of the volumes.
	slots map[int]bool
	// secret is that of the running resource. It must not be shown.
	secret string
	// failed are the volumes whose disks have failed and were not dealt with yet.
	failed map[int]bool
	// stalled are the steps of DRBD that have lasted for too long.
	stalled []Stall
}

// Probe reads the resource's files, and the metadata of devices that are to be
// attached.
func (l *Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	now, err := observedOf(in)
	if err != nil {
		return nil, err
	}
	w := Wanted{Dir: resourceDir, Resource: Resource{Name: in.Resource.Name}}
	p := &probed{lower: map[int]Lower{}, slots: map[int]bool{}}
	for path, to := range map[string]*[]byte{w.Path(): &p.file, w.GoodPath(): &p.good} {
		if *to, err = readFile(ctx, h, path); err != nil {
			return nil, err
		}
	}
	state, running := now.states[in.Resource.Name]
	if running && p.file == nil && p.good == nil {
		if p.secret, err = runningSecret(ctx, h, in.Resource.Name); err != nil {
			return nil, err
		}
	}
	me, member := memberOf(in.Resource, now.uname)
	idle := in.Down || !member || me.Diskless && !in.Resource.DRBD.MayKeep || in.Resource.DRBD.SkipDisk
	p.failed = l.failedOf(in, now, idle)
	p.stalled = l.stalled(in.Resource.Name)
	if len(in.Keep) == 0 && (idle || len(p.failed) > 0 || me.Diskless) {
		return p, nil
	}
	for _, v := range staying(in.Resource) {
		if len(in.Keep) > 0 && !in.Keep[v.Number] {
			continue
		}
		d, there := state.Devices[v.Number]
		attached := there && d.Disk != DiskDiskless
		if attached && len(in.Resource.DRBD.Forget) == 0 {
			continue
		}
		if err := p.look(ctx, h, in, v, attached); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// look finds out what is on the lower device of one volume.
func (p *probed) look(ctx context.Context, h run.Host, in layer.Input, v link.DRBDVolume, attached bool) error {
	dev := in.Lower[v.Number]
	disk := lowerOf(dev, v)
	disk.Own = !v.KeepsData && (blank(dev, v) || slices.Contains(in.Resource.Stack, v1.LayerTypeLuks))
	defer func() { p.lower[v.Number] = disk }()
	if !disk.Present || dev.Foreseen {
		return nil
	}
	path, index := dev.Path, "internal"
	if v.ExternalMeta {
		path, index = dev.Parts[metaSuffix].Path, "flex-external"
	}
	r, err := h.Run(ctx, run.Command("drbdmeta", "--force", strconv.Itoa(v.Minor), "v09", path, index, "dump-md"))
	if err != nil {
		return fmt.Errorf("look for DRBD metadata on %s: %w", path, err)
	}
	// What cannot be read is not known, and the planner then keeps away from it.
	if disk.Meta, err = ParseDumpMD(string(r.Stdout), string(r.Stderr), r.ExitCode); err != nil {
		return nil
	}
	disk.MetaKnown = true
	for _, id := range disk.Meta.Slots {
		p.slots[id] = true
	}
	if disk.Meta.Found || attached || !in.MayMake[v.Number] || v.KeepsData {
		return nil
	}
	disk.Signature, disk.SignatureKnown, err = signature(ctx, h, path)
	return err
}

// lowerOf is a lower device as the layer below tells of it. One that is only
// foreseen will be there, and empty.
func lowerOf(dev layer.Device, v link.DRBDVolume) Lower {
	present := func(d layer.Device) bool { return d.Present || d.Foreseen }
	out := Lower{Present: present(dev), SizeKiB: dev.SizeKiB, InUse: dev.Open, MetaKnown: dev.Foreseen, SignatureKnown: dev.Foreseen}
	if v.ExternalMeta {
		part := dev.Parts[metaSuffix]
		out.Present, out.InUse = out.Present && present(part), out.InUse || part.Open
	}
	return out
}

// blank tells whether what holds the metadata is empty when it is new.
func blank(dev layer.Device, v link.DRBDVolume) bool {
	if v.ExternalMeta {
		return dev.Parts[metaSuffix].ZeroFilled
	}
	return dev.ZeroFilled
}

// signature searches a device for data of others; known tells whether that worked.
func signature(ctx context.Context, h run.Host, path string) (found string, known bool, err error) {
	r, err := h.Run(ctx, run.Command("blkid", "-p", "-o", "export", path))
	if err != nil {
		return "", false, fmt.Errorf("look for data on %s: %w", path, err)
	}
	switch {
	case r.ExitCode == 2 && len(bytes.TrimSpace(r.Stderr)) == 0:
		return "", true, nil
	case r.ExitCode == 8:
		return "several signatures that contradict each other", true, nil
	case r.ExitCode != 0:
		return "", false, nil
	}
	for line := range strings.Lines(string(r.Stdout)) {
		key, val, _ := strings.Cut(strings.TrimSpace(line), "=")
		if (key == "TYPE" || key == "PTTYPE") && val != "" {
			return val, true, nil
		}
	}
	return "", false, nil
}

// readFile answers nil where there is no file.
func readFile(ctx context.Context, h run.Host, path string) ([]byte, error) {
	data, err := h.ReadFile(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// runningSecret asks the kernel; nothing of the answer may get into an error.
func runningSecret(ctx context.Context, h run.Host, name string) (string, error) {
	r, err := h.Run(ctx, run.Command("drbdsetup", "show", "--json", name))
	if err != nil {
		return "", fmt.Errorf("look at the configuration of DRBD's resource %s: %w", name, err)
	}
	if r.ExitCode != 0 {
		return "", nil
	}
	secrets, err := ParseShowSecrets(r.Stdout)
	if err != nil {
		return "", err
	}
	return secrets[name], nil
}

func observedOf(in layer.Input) (*seen, error) {
	now, ok := in.Observed.(*seen)
	if !ok || now == nil {
		return nil, fault.New(v1.FailImplError, "DRBD was asked about resource '%s' without having been looked at.", in.Resource.Name)
	}
	return now, nil
}
