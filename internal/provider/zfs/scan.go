package zfs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// facts is everything one scan has learnt.
type facts struct {
	pools map[string]poolRow
	rows  map[string]row
	// children are the names of the rows below a dataset.
	children map[string][]string
	// snapshots by zvol.
	snapshots map[string][]string
	// clones are the datasets that stand on a snapshot of a zvol.
	clones map[string][]string
	// clonesOf are the same by snapshot.
	clonesOf  map[string][]string
	complaint string
}

// Scan observes the pools with one zpool list and one zfs list. The latter is not
// asked for pools that do no I/O, because it would wait for them.
func (*Provider) Scan(ctx context.Context, h run.Host, pools []provider.Pool) (provider.Observation, error) {
	obs := provider.Observation{
		Pools:   make(map[string]provider.PoolState, len(pools)),
		Devices: make(map[string]map[string]provider.Observed, len(pools)),
	}
	var good []provider.Pool
	for _, p := range pools {
		if err := checkBacking(p); err != nil {
			obs.Pools[p.Name] = provider.PoolState{Space: unknownSpace(), Err: err}
			continue
		}
		good = append(good, p)
	}
	if len(good) == 0 {
		return obs, nil
	}
	f, err := readFacts(ctx, h, good)
	if err != nil {
		return provider.Observation{}, err
	}
	for _, p := range good {
		obs.Pools[p.Name] = poolState(p, f)
		obs.Devices[p.Name] = devices(p, f)
	}
	return obs, nil
}

func zpoolOf(p provider.Pool) string {
	name, _, _ := strings.Cut(p.Backing, "/")
	return name
}

func readFacts(ctx context.Context, h run.Host, pools []provider.Pool) (facts, error) {
	f := facts{pools: map[string]poolRow{}, rows: map[string]row{}, children: map[string][]string{},
		snapshots: map[string][]string{}, clones: map[string][]string{}, clonesOf: map[string][]string{}}
	zpools, datasets := map[string]bool{}, map[string]bool{}
	for _, p := range pools {
		zpools[zpoolOf(p)] = true
	}
	r, err := h.Run(ctx, run.Command(append([]string{"zpool", "list", "-H", "-p", "-o", poolFields}, slices.Sorted(maps.Keys(zpools))...)...))
	if err != nil {
		return f, fmt.Errorf("list ZFS pools: %w", err)
	}
	rows, err := parsePools(r.Stdout)
	if err != nil {
		return f, fmt.Errorf("list ZFS pools: %w", err)
	}
	f.complaint = complaint(r.Stderr)
	for _, row := range rows {
		f.pools[row.name] = row
	}
	for _, p := range pools {
		if z, found := f.pools[zpoolOf(p)]; found && z.works() {
			datasets[p.Backing] = true
		}
	}
	if len(datasets) == 0 {
		return f, nil
	}
	return f, f.readDatasets(ctx, h, slices.Sorted(maps.Keys(datasets)))
}

// readDatasets lists the datasets, their volumes, and the snapshots of these.
func (f *facts) readDatasets(ctx context.Context, h run.Host, names []string) error {
	c := run.Command(append([]string{"zfs", "list", "-H", "-p", "-r", "-d", "2", "-t", "filesystem,volume,snapshot", "-o", listFields}, names...)...)
	r, err := h.Run(ctx, c)
	if err != nil {
		return fmt.Errorf("list ZFS datasets: %w", err)
	}
	if r.ExitCode != 0 && !onlyMissing(r.Stderr) {
		// A list that may be incomplete must not look like volumes that are gone.
		return fmt.Errorf("list ZFS datasets: %w", &run.ExitError{Cmd: c, Result: r})
	}
	rows, err := parseList(r.Stdout)
	if err != nil {
		return fmt.Errorf("list ZFS datasets: %w", err)
	}
	for _, row := range rows {
		f.add(row)
	}
	return nil
}

func (f *facts) add(r row) {
	if _, twice := f.rows[r.name]; twice {
		return
	}
	f.rows[r.name] = r
	if of, _, snap := strings.Cut(r.name, "@"); snap {
		f.snapshots[of] = append(f.snapshots[of], r.name)
		return
	}
	if r.origin != "" {
		of, _, _ := strings.Cut(r.origin, "@")
		f.clones[of] = append(f.clones[of], r.name)
		f.clonesOf[r.origin] = append(f.clonesOf[r.origin], r.name)
	}
	if i := strings.LastIndexByte(r.name, '/'); i > 0 {
		f.children[r.name[:i]] = append(f.children[r.name[:i]], r.name)
	}
}

// onlyMissing tells whether zfs complained about nothing but datasets that do not
// exist; it lists the others completely then.
func onlyMissing(stderr []byte) bool {
	said := 0
	for line := range strings.Lines(string(stderr)) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if !strings.HasPrefix(line, "cannot open '") || !strings.HasSuffix(line, "dataset does not exist") {
			return false
		}
		said++
	}
	return said > 0
}

func complaint(stderr []byte) string {
	return strings.Join(strings.FieldsFunc(strings.TrimSpace(string(stderr)), func(r rune) bool { return r == '\n' }), "; ")
}

// Notes of an observed volume.
const (
	noteForeign    = "foreign"
	noteDependents = "dependents"
	noteBlockSize  = "volblocksize"
	noteLocked     = "locked"
)

func devices(p provider.Pool, f facts) map[string]provider.Observed {
	out := map[string]provider.Observed{}
	for _, full := range f.children[p.Backing] {
		r := f.rows[full]
		name := full[len(p.Backing)+1:]
		out[name] = observed(p, name, r, f)
		if out[name].Notes[noteWas] == "" {
			maps.Copy(out, snapshotsOf(p, r, f))
		}
	}
	for _, full := range f.children[p.Backing] {
		if was := out[full[len(p.Backing)+1:]].Notes[noteWas]; was != "" {
			underFormerName(was, snapshotsOf(p, f.rows[full], f), out)
		}
	}
	return out
}

func observed(p provider.Pool, name string, r row, f facts) provider.Observed {
	o := provider.Observed{Pool: p.Name, Name: name, SizeKiB: r.volsize / 1024, AllocatedKiB: r.used / 1024,
		Notes: map[string]string{}}
	if r.blockSize > 0 {
		o.Notes[noteBlockSize] = strconv.FormatInt(r.blockSize, 10)
	}
	if deps := slices.Concat(f.snapshots[r.name], f.clones[r.name]); len(deps) > 0 {
		slices.Sort(deps)
		o.Notes[noteDependents] = strings.Join(deps, ", ")
	}
	switch {
	case r.kind != "volume":
		o.Notes[noteForeign] = "it is a " + r.kind + ", no volume"
		return o
	case r.uuid == "":
		o.Notes[noteForeign] = "it has no property " + propUUID
	case r.uuid == f.rows[p.Backing].uuid:
		o.Notes[noteForeign] = "it inherits the property " + propUUID + " from " + p.Backing
	default:
		o.UUID = r.uuid
	}
	if was := wasName(name, r, o.UUID); was != "" {
		o.Notes[noteWas] = was
	} else if o.UUID != "" && o.Notes[noteDependents] != "" {
		o.Notes[noteAside] = asideName(p, name, o.UUID, f)
	}
	if r.locked {
		o.Notes[noteLocked] = "true"
		return o
	}
	o.Path = "/dev/zvol/" + r.name
	return o
}

// works tells whether the pool does I/O.
func (z poolRow) works() bool { return z.health == "ONLINE" || z.health == "DEGRADED" }

func unknownSpace() provider.Space { return provider.Space{DataPercent: -1, MetaPercent: -1} }

// poolState is the capacity of the dataset, which quotas and reservations may make
// smaller than the pool's.
func poolState(p provider.Pool, f facts) provider.PoolState {
	s := provider.PoolState{Space: unknownSpace(), Err: poolFault(p, f)}
	r, found := f.rows[p.Backing]
	if !found {
		return s
	}
	s.Space.TotalKiB, s.Space.FreeKiB = (r.used+r.available)/1024, r.available/1024
	if p.Kind == v1.ProviderKindZfsThin && s.Space.TotalKiB > 0 {
		s.Space.DataPercent = float64(r.used) * 100 / float64(r.used+r.available)
	}
	block, err := blockSize(p.Props, nil)
	s.Space.GranularityKiB = max(block/1024, 1)
	if s.Err == nil && err != nil {
		s.Err = err
	}
	return s
}

func poolFault(p provider.Pool, f facts) error {
	z, found := f.pools[zpoolOf(p)]
	e := fault.New(v1.FailStoragePoolConfigurationError, "ZFS dataset %s of storage pool %s cannot be used", p.Backing, p.Name).
		Ref("StorPool", p.Name)
	switch {
	case !found && f.complaint == "":
		f.complaint = "zpool list does not show the pool " + zpoolOf(p)
		fallthrough
	case !found:
		return e.Because("%s", f.complaint).
			Fix("Attach the disks and run zpool import %s, or create the pool, or correct StorDriver/StorPoolName.", zpoolOf(p))
	case z.health == "SUSPENDED":
		return e.Because("the pool is SUSPENDED, I/O waits for its disks").
			Fix("Bring the disks back and run zpool clear %s.", z.name)
	case !z.works():
		return e.Because("the pool is %s", z.health).
			Fix("Look at zpool status %s, replace the failed disks and run zpool clear.", z.name)
	case z.readOnly:
		return e.Because("the pool was imported read-only").
			Fix("Run zpool export %s and import it again without readonly.", z.name)
	}
	r, found := f.rows[p.Backing]
	switch {
	case !found:
		return e.Because("there is no such dataset").
			Fix("Create it with zfs create %s, or correct StorDriver/StorPoolName.", p.Backing)
	case r.kind != "filesystem":
		return e.Because("it is a %s, volumes can only be made in a file system", r.kind).
			Fix("Correct StorDriver/StorPoolName.")
	}
	return nil
}
