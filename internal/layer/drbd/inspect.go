package drbd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Inspect reads everything that DRBD on a node knows of a resource, the generation
// identifiers too. It changes nothing. What cannot be read of a volume is said there;
// an error means that nothing is known.
func Inspect(ctx context.Context, h run.Host, r *link.Resource) (link.InspectAnswer, error) {
	var out link.InspectAnswer
	if r.DRBD == nil {
		return out, nil
	}
	host, err := h.ReadFile(ctx, hostname)
	if err != nil {
		return out, fmt.Errorf("find out the host name: %w", err)
	}
	me, _ := memberOf(r, strings.TrimSpace(string(host)))
	states, err := kernel(ctx, h)
	if err != nil {
		return out, err
	}
	s, running := states[r.Name]
	if running {
		out = link.InspectAnswer{Running: true, Role: s.Role, Open: s.Used(), Suspended: s.Suspended.words(), Links: linksOf(r, s)}
	}
	file, err := readFile(ctx, h, (&Wanted{Dir: resourceDir, Resource: Resource{Name: r.Name}}).Path())
	if err != nil {
		return out, err
	}
	for _, v := range staying(r) {
		one := link.InspectVolume{Number: v.Number}
		d, there := s.Devices[v.Number]
		if there {
			one.Disk, one.Quorum = d.Disk, d.Quorum.pointer()
		}
		if !me.Diskless {
			ask := asker{h: h, r: r, me: me, v: v, file: file}
			if err := ask.generations(ctx, &one, there && d.Disk != DiskDiskless); err != nil {
				return out, err
			}
		}
		out.Volumes = append(out.Volumes, one)
	}
	return out, nil
}

// kernel are all resources in the kernel.
func kernel(ctx context.Context, h run.Host) (map[string]State, error) {
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
		return nil, fmt.Errorf("look at DRBD's resources: the output of drbdsetup events2 ends before it is complete")
	}
	return tree.Resources, nil
}

// linksOf are the connections, with the peers by their names in the cluster.
func linksOf(r *link.Resource, s State) []link.DRBDLink {
	var out []link.DRBDLink
	for _, id := range slices.Sorted(maps.Keys(s.Connections)) {
		c := s.Connections[id]
		l := link.DRBDLink{NodeID: id, Peer: c.Name, State: c.Connection, Role: c.PeerRole}
		if i := slices.IndexFunc(r.DRBD.Nodes, func(n link.DRBDNode) bool { return n.NodeID == id }); i >= 0 {
			l.Peer = r.DRBD.Nodes[i].Name
		}
		for _, nr := range slices.Sorted(maps.Keys(c.Volumes)) {
			v := c.Volumes[nr]
			l.Volumes = append(l.Volumes, link.DRBDPeerVolume{Number: nr, Replication: v.Replication, Disk: v.Disk,
				DonePercent: v.DonePercent, OutOfSyncKiB: v.OutOfSyncKiB})
		}
		out = append(out, l)
	}
	return out
}

// asker reads the generation identifiers of one volume.
type asker struct {
	h    run.Host
	r    *link.Resource
	me   link.DRBDNode
	v    link.DRBDVolume
	file []byte
}

// generations asks the kernel where the disk is attached, else the metadata.
func (a asker) generations(ctx context.Context, out *link.InspectVolume, attached bool) error {
	if attached {
		return a.fromKernel(ctx, out)
	}
	disk, meta := listed(a.file, a.me.Uname, a.v.Number)
	path, index := disk, "internal"
	if a.v.ExternalMeta {
		path, index = meta, "flex-external"
	}
	if path == "" {
		out.Problem = "the file of the resource names no disk"
		return nil
	}
	res, err := a.h.Run(ctx, run.Command("drbdmeta", "--force", strconv.Itoa(a.v.Minor), "v09", path, index, "dump-md"))
	if err != nil {
		return fmt.Errorf("read DRBD's metadata on %s: %w", path, err)
	}
	md, err := ParseDumpMD(string(res.Stdout), string(res.Stderr), res.ExitCode)
	switch {
	case err != nil:
		out.Problem = err.Error()
	case !md.Found:
		out.Problem = "there is no metadata on " + path
	default:
		for _, n := range a.peers() {
			out.Generations = append(out.Generations, generation(n.Name, md.Of(n.Name, n.NodeID).GI))
		}
	}
	return nil
}

func (a asker) fromKernel(ctx context.Context, out *link.InspectVolume) error {
	for _, n := range a.peers() {
		res, err := a.h.Run(ctx, run.Command("drbdsetup", "get-gi", a.r.Name, strconv.Itoa(n.NodeID), strconv.Itoa(a.v.Number)))
		if err != nil {
			return fmt.Errorf("read the generation identifiers of resource %s: %w", a.r.Name, err)
		}
		if res.ExitCode != 0 {
			out.Problem = fmt.Sprintf("towards %s: %s", n.Name, brief(lastLine(strings.TrimSpace(string(res.Stderr)))))
			continue
		}
		gi, err := ParseGI(string(res.Stdout))
		if err != nil {
			out.Problem = fmt.Sprintf("towards %s: %v", n.Name, err)
			continue
		}
		out.Generations = append(out.Generations, generation(n.Name, gi))
	}
	return nil
}

// peers are the other members with a disk; diskless ones have no generations.
func (a asker) peers() []link.DRBDNode {
	return slices.DeleteFunc(slices.Clone(a.r.DRBD.Nodes), func(n link.DRBDNode) bool { return n.NodeID == a.me.NodeID || n.Diskless })
}

func generation(peer string, gi GI) link.InspectGI {
	out := link.InspectGI{Peer: peer, Current: gi.Current.String(), Bitmap: gi.Bitmap.String()}
	for _, u := range gi.History {
		out.History = append(out.History, u.String())
	}
	return out
}

// NodeFactsOf turns a node's answer into what the doctor looks at. Identifiers that
// cannot be read are left out: then nothing is known of them.
func NodeFactsOf(node string, diskless bool, in link.InspectAnswer) NodeFacts {
	out := NodeFacts{Node: node, Diskless: diskless, Reachable: true, Running: in.Running, Role: in.Role, Open: in.Open,
		Suspended: in.Suspended, Volumes: map[int]VolumeFacts{}, Links: map[string]LinkFacts{}}
	for _, v := range in.Volumes {
		facts := VolumeFacts{Disk: v.Disk, Quorum: told(v.Quorum), GI: map[string]GI{}}
		for _, g := range v.Generations {
			if gi, err := generationOf(g); err == nil {
				facts.GI[g.Peer] = gi
			}
		}
		out.Volumes[v.Number] = facts
	}
	for _, l := range in.Links {
		facts := LinkFacts{State: l.State, Volumes: map[int]LinkVolume{}}
		for _, v := range l.Volumes {
			facts.Volumes[v.Number] = LinkVolume{Replication: v.Replication, Disk: v.Disk, OutOfSyncKiB: v.OutOfSyncKiB}
		}
		out.Links[l.Peer] = facts
	}
	return out
}

func generationOf(in link.InspectGI) (GI, error) {
	var out GI
	var err error
	if out.Current, err = ParseUUID(in.Current); err != nil {
		return GI{}, err
	}
	if out.Bitmap, err = ParseUUID(in.Bitmap); err != nil {
		return GI{}, err
	}
	for _, h := range in.History {
		u, err := ParseUUID(h)
		if err != nil {
			return GI{}, err
		}
		out.History = append(out.History, u)
	}
	return out, nil
}
