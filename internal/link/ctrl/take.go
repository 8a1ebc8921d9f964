package ctrl

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// KeyUname is the node property that holds the host's own name.
const KeyUname = "NodeUname"

func hostInfo(w wire.Welcome) *model.HostInfo {
	h := &model.HostInfo{Session: w.Session, Uname: w.Uname, OS: w.OS, Version: w.Program, Providers: w.Providers, Layers: w.Layers,
		UnsupportedProviders: w.UnsupportedProviders, UnsupportedLayers: w.UnsupportedLayers, Warnings: w.Warnings, Crypto: w.Crypto, Versions: w.Versions,
		LayerSet: map[v1.LayerType]bool{}, ProviderSet: map[v1.ProviderKind]bool{}, UnsupportedWhy: map[string]string{}}
	for _, l := range w.Layers {
		h.LayerSet[l] = true
	}
	for _, p := range w.Providers {
		h.ProviderSet[p] = true
	}
	for _, m := range []map[string][]string{w.UnsupportedProviders, w.UnsupportedLayers} {
		for kind, why := range m {
			h.UnsupportedWhy[kind] = strings.Join(why, "; ")
		}
	}
	return h
}

// setState takes down the state of the connection; host is kept where nil.
func (s *session) setState(ctx context.Context, state model.ConnState, why string, host *model.HostInfo) {
	attempts := s.attempts
	s.do(ctx, "connection state", func(tx *model.Tx) error {
		n, ok := tx.Nodes.Get(s.node.Name)
		if !ok {
			return nil
		}
		next := model.NodeStatus{Node: n.Name, State: state, Why: why, Since: tx.Now, Attempts: attempts, Host: host}
		if old, ok := tx.NodeStatus.Get(n.Name); ok {
			if old.State == state {
				next.Since = old.Since
			}
			if host == nil {
				next.Host = old.Host
			} else if old.Host != nil && old.Host.Session != host.Session {
				outdate(tx, n.Name)
			}
		}
		tx.SetNodeStatus(&next)
		if host != nil && host.Uname != "" && n.Props[KeyUname] != host.Uname {
			setUname(tx, n, host.Uname)
		}
		return nil
	})
	s.m.cfg.Log.Info("satellite", "node", s.node.Name, "state", state, "why", why)
}

// outdate takes back what the satellite reported before it was restarted: a reboot
// may have taken the devices away. Sizes stay, for the space is still in use.
func outdate(tx *model.Tx, node string) {
	for _, r := range slices.Collect(tx.ResourcesOn(node)) {
		st, ok := tx.ResourceStatus.Get(r.Definition, node)
		if !ok {
			continue
		}
		next := *st
		if st.DRBD != nil {
			told := *st.DRBD
			told.Follows, next.DRBD = false, &told
		}
		next.Volumes = slices.Clone(st.Volumes)
		for i := range next.Volumes {
			if next.Volumes[i].DiskState == "Failed" {
				next.Volumes[i].DiskState = "" // it may have been mended
			}
		}
		next.Progress, next.Doing, next.Problem, next.Since = model.ProgressWorking, "the satellite has been restarted and looks at the devices", nil, tx.Now
		tx.SetResourceStatus(&next)
	}
}

func setUname(tx *model.Tx, n *model.Node, uname string) {
	next := *n
	next.Props = map[string]string{KeyUname: uname}
	for k, v := range n.Props {
		if k != KeyUname {
			next.Props[k] = v
		}
	}
	tx.PutNode(&next)
}

// take turns a report into status.
func (s *session) take(ctx context.Context, rep wire.Report) {
	for _, e := range rep.Errors {
		if s.m.cfg.Failed != nil {
			s.m.cfg.Failed(s.node.Name, e)
		}
	}
	if len(rep.Pools)+len(rep.Resources) == 0 {
		return
	}
	s.do(ctx, "report", func(tx *model.Tx) error {
		for _, p := range rep.Pools {
			takePool(tx, s.node.Name, p)
		}
		for _, r := range rep.Resources {
			takeResource(tx, s.node.Name, r)
		}
		return nil
	})
}

// again is the pause before something observed is taken down once more.
const again = time.Second

// do takes down what was observed. It may lead to a durable change, which may fail;
// as the satellite does not tell it twice, it is tried until it is taken.
func (s *session) do(ctx context.Context, what string, fn func(*model.Tx) error) {
	for {
		_, err := s.m.cfg.Engine.Do(ctx, "satellite "+s.node.Name, fn)
		if err == nil || ctx.Err() != nil || s.m.cfg.Engine.Deposed() {
			return
		}
		s.m.cfg.Log.Error("take down what was observed", "what", what, "node", s.node.Name, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}

func takePool(tx *model.Tx, node string, p wire.PoolReport) {
	if _, ok := tx.Pools.Get(node, p.Name); !ok {
		return
	}
	next := model.PoolStatus{Node: node, Pool: p.Name, Known: p.Problem == nil, FreeKiB: p.FreeKiB, TotalKiB: p.TotalKiB,
		DataPercent: p.DataPercent, MetaPercent: p.MetaPercent, GranularityKiB: p.GranularityKiB,
		MinIOSizeBytes: p.MinIOSizeBytes, NoSnapshots: p.NoSnapshots, Problem: p.Problem}
	if old, ok := tx.PoolStatus.Get(node, p.Name); !ok || !reflect.DeepEqual(*old, next) {
		tx.SetPoolStatus(&next)
	}
}

func takeResource(tx *model.Tx, node string, r wire.ResourceReport) {
	if !desired.Tends(tx.World, r.Name, node) {
		return
	}
	next := model.ResourceStatus{Definition: r.Name, Node: node, Fingerprint: r.Fingerprint,
		Progress: model.Progress(r.Progress), Doing: r.Doing, Problem: r.Problem, InUse: r.InUse, DRBD: r.DRBD, Snapshots: r.Snapshots, Since: tx.Now}
	for _, v := range r.Volumes {
		vs := model.VolumeStatus{Number: v.Number, DevicePath: v.DevicePath, AllocatedKiB: v.AllocatedKiB,
			UsableKiB: v.UsableKiB, DiskState: v.DiskState, Gone: v.Gone, Dropped: v.Dropped, FileSystem: v.FileSystem, DRBD: v.DRBD}
		for _, l := range v.Layers {
			vs.Layers = append(vs.Layers, model.LayerStatus(l))
		}
		next.Volumes = append(next.Volumes, vs)
	}
	if r.InUse != nil && *r.InUse {
		next.InUseSince = &tx.Now
	}
	old, known := tx.ResourceStatus.Get(r.Name, node)
	next.Apart = apart(old, r.DRBD, tx.Now)
	if known {
		if old.Progress == next.Progress {
			next.Since = old.Since
		}
		if next.InUseSince != nil && old.InUseSince != nil {
			next.InUseSince = old.InUseSince
		}
		if reflect.DeepEqual(*old, next) {
			return
		}
	}
	tx.SetResourceStatus(&next)
}
