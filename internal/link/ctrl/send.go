package ctrl

import (
	"context"
	"reflect"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/desired"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// sendFull hands over everything that the node shall have.
func (s *session) sendFull(ctx context.Context, peer link.Peer, fence wire.Fence) error {
	s.takeMarks()
	if err := s.m.cfg.Engine.Leading(); err != nil {
		return err
	}
	w := s.m.cfg.Engine.World()
	s.sent, s.sentPools = map[string]told{}, map[string]wire.Pool{}
	set := wire.Set{Fence: fence, Full: true, Base: s.number, Number: s.number + 1}
	for p := range w.Pools.Under(s.node.Name) {
		d := desired.Pool(w, p)
		set.Pools = append(set.Pools, d)
		s.sentPools[d.Name] = d
	}
	for r := range w.ResourcesOn(s.node.Name) {
		d := desired.Resource(w, r)
		set.Resources = append(set.Resources, d)
		s.sent[model.Key(d.Name)] = told{d.Name, d.Fingerprint}
	}
	for _, d := range desired.Leftovers(w, s.node.Name) {
		set.Resources = append(set.Resources, d)
		s.sent[model.Key(d.Name)] = told{d.Name, d.Fingerprint}
	}
	began := s.m.cfg.Now()
	done, err := peer.Apply(ctx, set)
	s.m.timed("Apply", s.node.Name, began)
	if err != nil {
		return err
	}
	s.number = done.Number
	return nil
}

// takeMarks answers what was marked since the last time.
func (s *session) takeMarks() (resources map[string]bool, pools, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resources, pools, all = s.resources, s.pools, s.all
	s.resources, s.pools, s.all = map[string]bool{}, false, false
	return resources, pools, all
}

// sendChanges tells the satellite what differs from what it was told last.
func (s *session) sendChanges(ctx context.Context, peer link.Peer, fence wire.Fence) error {
	marked, pools, all := s.takeMarks()
	if err := s.m.cfg.Engine.Leading(); err != nil {
		return err
	}
	w := s.m.cfg.Engine.World()
	if all {
		for key := range s.sent {
			mark(marked, key)
		}
		for r := range w.ResourcesOn(s.node.Name) {
			mark(marked, model.Key(r.Definition))
		}
		for _, d := range desired.Leftovers(w, s.node.Name) {
			mark(marked, model.Key(d.Name))
		}
	}
	set := wire.Set{Fence: fence, Base: s.number, Number: s.number + 1}
	if pools {
		s.poolChanges(w, &set)
	}
	sent := map[string]told{}
	for key, again := range marked {
		s.resourceChange(w, key, again, &set, sent)
	}
	if len(set.Pools)+len(set.Resources)+len(set.ForgetPools)+len(set.ForgetResources) == 0 {
		return nil
	}
	// A satellite that holds another set by now is greeted again, to learn which.
	began := s.m.cfg.Now()
	done, err := peer.Apply(ctx, set)
	s.m.timed("Apply", s.node.Name, began)
	if err != nil {
		return err
	}
	s.number = done.Number
	for k, t := range sent {
		if t.fingerprint == "" {
			delete(s.sent, k)
			continue
		}
		s.sent[k] = t
	}
	return nil
}

func (s *session) resourceChange(w *model.World, key string, again bool, set *wire.Set, sent map[string]told) {
	d, ok := desired.Instruction(w, key, s.node.Name)
	if !ok {
		if was, known := s.sent[key]; known {
			set.ForgetResources = append(set.ForgetResources, was.name)
			sent[key] = told{}
		}
		return
	}
	was := s.sent[key]
	if was.fingerprint == d.Fingerprint && !again {
		return
	}
	if was.name != "" && was.name != d.Name {
		// Made anew in another spelling, which is another name on the node.
		set.ForgetResources = append(set.ForgetResources, was.name)
	}
	set.Resources = append(set.Resources, d)
	sent[key] = told{d.Name, d.Fingerprint}
}

func (s *session) poolChanges(w *model.World, set *wire.Set) {
	now := map[string]wire.Pool{}
	for p := range w.Pools.Under(s.node.Name) {
		d := desired.Pool(w, p)
		now[d.Name] = d
		if old, ok := s.sentPools[d.Name]; !ok || !reflect.DeepEqual(old, d) {
			set.Pools = append(set.Pools, d)
		}
	}
	for n := range s.sentPools {
		if _, ok := now[n]; !ok {
			set.ForgetPools = append(set.ForgetPools, n)
		}
	}
	s.sentPools = now
}
