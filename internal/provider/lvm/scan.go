package lvm

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

const (
	vgFields = "vg_name,vg_attr,vg_size,vg_free,vg_extent_size,vg_missing_pv_count,vg_tags,pv_name,pv_used,pv_missing"
	lvFields = "lv_name,vg_name,lv_size,lv_attr,segtype,pool_lv,origin,data_percent,metadata_percent," +
		"lv_health_status,lv_check_needed,chunk_size,lv_active,lv_device_open,lv_path,lv_role,lv_tags"
)

// facts is everything one scan has learnt.
type facts struct {
	vgs map[string]volumeGroup
	// lvs by volume group, then name.
	lvs map[string]map[string]lvRow
	// complaint is what vgs said about the groups that it left out.
	complaint string
	// selected are the PVs by LvcreatePvSelection, in order.
	selected map[string][]pvRow
}

type volumeGroup struct {
	vgRow
	// pvs are the present physical volumes, least used first.
	pvs []string
	// blockBytes is the largest logical block size of its disks; 0 unknown.
	blockBytes int64
}

// Scan observes the pools with one vgs and one lvs, and one pvs more for each
// different StorDriver/LvcreatePvSelection.
func (*Provider) Scan(ctx context.Context, h run.Host, pools []provider.Pool) (provider.Observation, error) {
	obs := provider.Observation{
		Pools:   make(map[string]provider.PoolState, len(pools)),
		Devices: make(map[string]map[string]provider.Observed, len(pools)),
	}
	var good []provider.Pool
	var names []string
	for _, p := range pools {
		b, err := parseBacking(p)
		if err != nil {
			obs.Pools[p.Name] = provider.PoolState{Space: unknownSpace(), Err: err}
			continue
		}
		good = append(good, p)
		names = append(names, b.vg)
	}
	if len(good) == 0 {
		return obs, nil
	}
	slices.Sort(names)
	f, err := readFacts(ctx, h, slices.Compact(names))
	if err != nil {
		return provider.Observation{}, err
	}
	if err := readSelections(ctx, h, good, &f); err != nil {
		return provider.Observation{}, err
	}
	if err := readBlockSizes(ctx, h, &f); err != nil {
		return provider.Observation{}, err
	}
	for _, p := range good {
		b, _ := parseBacking(p)
		obs.Pools[p.Name] = poolState(p, b, f)
		obs.Devices[p.Name] = devices(p, b, f)
	}
	return obs, nil
}

// readFacts runs vgs, then lvs for the groups that vgs knew: an lvs that fails
// must not look like a group without volumes, for a missing volume would be made
// anew or be taken for deleted.
func readFacts(ctx context.Context, h run.Host, names []string) (facts, error) {
	f := facts{vgs: map[string]volumeGroup{}, lvs: map[string]map[string]lvRow{}}
	c := command("vgs", append([]string{"--reportformat", "json", "--units", "b", "--nosuffix", "-o", vgFields}, names...)...)
	r, err := h.Run(ctx, c)
	if err != nil {
		return f, fmt.Errorf("list volume groups: %w", err)
	}
	_, rows, _, err := parse(r.Stdout)
	if err != nil {
		return f, fmt.Errorf("list volume groups: %w", firstErr(r, c, err))
	}
	f.complaint = complaint(r.Stderr)
	f.vgs = groups(rows)
	var known []string
	for _, n := range names {
		if _, ok := f.vgs[n]; ok {
			known = append(known, n)
			f.lvs[n] = map[string]lvRow{}
		}
	}
	if len(known) == 0 {
		return f, nil
	}
	r, err = run.Must(ctx, h, command("lvs", append([]string{"--reportformat", "json", "--units", "b", "--nosuffix", "-o", lvFields}, known...)...))
	if err != nil {
		return f, fmt.Errorf("list logical volumes: %w", err)
	}
	lvs, _, _, err := parse(r.Stdout)
	if err != nil {
		return f, fmt.Errorf("list logical volumes: %w", err)
	}
	for _, l := range lvs {
		if m := f.lvs[l.VG]; m != nil && !strings.HasPrefix(l.Name, "[") {
			m[l.Name] = l
		}
	}
	return f, nil
}

// firstErr prefers the tool's own words to the fact that it printed no report.
func firstErr(r run.Result, c run.Cmd, err error) error {
	if r.ExitCode != 0 {
		return &run.ExitError{Cmd: c, Result: r}
	}
	return err
}

// groups folds the rows, one for each physical volume, into volume groups.
func groups(rows []vgRow) map[string]volumeGroup {
	slices.SortStableFunc(rows, func(a, b vgRow) int {
		return cmp.Or(cmp.Compare(a.PVUsed, b.PVUsed), strings.Compare(a.PV, b.PV))
	})
	out := map[string]volumeGroup{}
	for _, row := range rows {
		g, ok := out[row.Name]
		if !ok {
			g = volumeGroup{vgRow: row}
		}
		if row.PVMissing == "" && strings.HasPrefix(row.PV, "/") {
			g.pvs = append(g.pvs, row.PV)
		}
		out[row.Name] = g
	}
	return out
}

// complaint is what lvm wrote on stderr without its warnings and indent.
func complaint(stderr []byte) string {
	var lines []string
	for line := range strings.Lines(string(stderr)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "File descriptor ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// devices lists everything that takes a name in the pool's volume group, since
// volumes of all its pools share the names. What lies outside the pool is never
// ours to change through it, so it is shown without identity.
func devices(p provider.Pool, b backing, f facts) map[string]provider.Observed {
	out := make(map[string]provider.Observed, len(f.lvs[b.vg]))
	for name, l := range f.lvs[b.vg] {
		if name != b.thin || !l.thinPool() {
			out[name] = observed(p, b, l)
		}
	}
	return out
}

// Notes of an observed volume.
const (
	// noteForeign says why a volume is not ours although it has the name.
	noteForeign = "foreign"
	// noteOrigin marks a volume that has old-style snapshots, which go with it.
	noteOrigin = "origin"
	// noteSuspended marks a volume whose I/O is held.
	noteSuspended = "suspended"
	// notePVs are the physical volumes of a pool to allocate from.
	notePVs = "pvs"
	// noteInactive marks a thin pool that is sound but not active.
	noteInactive = "inactive"
)

func observed(p provider.Pool, b backing, l lvRow) provider.Observed {
	o := provider.Observed{
		Pool: p.Name, Name: l.Name, SizeKiB: l.Size.kib(), AllocatedKiB: allocated(l),
		Open: l.Open == "open" || attr(l.Attr, 5) == 'o', Notes: map[string]string{},
	}
	if l.active() {
		o.Path = l.Path
	}
	if c := attr(l.Attr, 0); c == 'o' || c == 'O' || strings.Contains(l.Role, "thickorigin") {
		o.Notes[noteOrigin] = "true"
	}
	if c := attr(l.Attr, 4); c == 's' || c == 'S' {
		o.Notes[noteSuspended] = "true"
	}
	uuid, several := uuidOf(l.Tags)
	switch {
	case several:
		o.Notes[noteForeign] = "it carries several " + tagUUID + "* tags"
	case l.thinPool():
		o.Notes[noteForeign] = "it is a thin pool"
	case p.Kind == v1.ProviderKindLvmThin && l.Pool != b.thin:
		o.Notes[noteForeign] = "it is not in the thin pool " + b.thin
	case p.Kind == v1.ProviderKindLvm && l.Pool != "":
		o.Notes[noteForeign] = "it is in the pool " + l.Pool
	case uuid == "":
		o.Notes[noteForeign] = "it carries no tag " + tagUUID + "*"
	default:
		o.UUID = uuid
	}
	o.Doubtful = several
	return o
}

func allocated(l lvRow) int64 {
	if l.Pool == "" {
		return l.Size.kib()
	}
	if l.Data < 0 {
		return 0
	}
	return int64(float64(l.Size.kib()) * float64(l.Data) / 100)
}
