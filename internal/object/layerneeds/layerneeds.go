// Package layerneeds gives new volumes of replicas what the cache layers, NVMe and
// file systems need: further devices with their pools, and the grant to make a file
// system. Of a stack with NVMe each node needs what is on its side of the network. What is
// missing is refused here, before anything is stored.
package layerneeds

import (
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// part is a further device: the layer that wants it, and the properties that name
// its pool, the first that is set; mandatory are further ones that must be set.
type part struct {
	layer     v1.LayerType
	suffix    string
	pools     []string
	mandatory []string
}

func allParts() []part {
	return []part{
		{v1.LayerTypeWritecache, ".cache", []string{"Writecache/PoolName"}, []string{"Writecache/Size"}},
		{v1.LayerTypeCache, ".dmcache_cache", []string{"Cache/CachePool"}, nil},
		{v1.LayerTypeCache, ".dmcache_meta", []string{"Cache/MetaPool", "Cache/CachePool"}, nil},
		{v1.LayerTypeBcache, ".bcache", []string{"BCache/PoolName"}, nil},
	}
}

// keyFileSystem is the property that asks for a file system.
const keyFileSystem = "FileSystem/Type"

// winner is how DRBD's metadata begins on the replica whose content is valid.
const winner = "winner"

// Replica completes the volumes of a replica that is about to be stored. It comes
// after DRBD's allocation.
func Replica(w *model.World, d *model.Definition, r *model.Resource) error {
	if err := checkAbove(r); err != nil {
		return err
	}
	if err := checkNVMe(w, d, r); err != nil {
		return err
	}
	if err := checkAlone(w, r); err != nil {
		return err
	}
	for i := range r.Volumes {
		vd, ok := d.Volume(r.Volumes[i].Number)
		if !ok {
			continue
		}
		if err := Extend(w, d, vd, r, &r.Volumes[i]); err != nil {
			return err
		}
	}
	return nil
}

// Extend completes one new volume of a replica.
func Extend(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v *model.Volume) error {
	adding := r.Toggle == model.ToggleAdding || r.Toggle == model.ToggleAddRequested
	initiator := r.Diskless == model.NVMeInitiator
	if r.Diskless != model.Diskful && !adding && !initiator {
		return nil
	}
	s := around(w, d, vd, r, v)
	for _, p := range allParts() {
		has := slices.ContainsFunc(v.Parts, func(x model.VolumePart) bool { return x.Suffix == p.suffix })
		if has || !model.HasLayer(Local(r.Stack, r.Diskless), p.layer) {
			continue
		}
		pool, err := s.pool(w, p)
		if err != nil {
			return err
		}
		v.Parts = append(slices.Clone(v.Parts), model.VolumePart{Suffix: p.suffix, Pool: pool})
	}
	v.Format = !initiator && s.get(keyFileSystem) != "" && first(w, d, vd, r, v)
	return nil
}

// first tells whether the volume is new in the whole cluster, and this replica the
// one to begin it.
func first(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v *model.Volume) bool {
	if vd.Initialized || v.Created {
		return false
	}
	if model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return v.Start == winner
	}
	for other := range w.Resources.Under(d.Name) {
		if _, has := other.Volume(v.Number); has && model.Key(other.Node) != model.Key(r.Node) {
			return false
		}
	}
	return true
}

// scope has the properties around a volume, closest first.
type scope struct {
	definition, node string
	volume           int
	levels           []map[string]string
}

func around(w *model.World, d *model.Definition, vd model.VolumeDefinition, r *model.Resource, v *model.Volume) scope {
	s := scope{definition: d.Name, node: r.Node, volume: vd.Number, levels: []map[string]string{v.Props, r.Props, vd.Props, d.Props}}
	if g, ok := w.Groups.Get(d.Group); ok {
		if vg, ok := g.Volume(vd.Number); ok {
			s.levels = append(s.levels, vg.Props)
		}
		s.levels = append(s.levels, g.Props)
	}
	if n, ok := w.Nodes.Get(r.Node); ok {
		s.levels = append(s.levels, n.Props)
	}
	s.levels = append(s.levels, w.Props())
	return s
}

func (s *scope) get(key string) string {
	for _, l := range s.levels {
		if v := l[key]; v != "" {
			return v
		}
	}
	return ""
}

// pool is the storage pool of a part on the replica's node.
func (s *scope) pool(w *model.World, p part) (string, error) {
	key, name := p.pools[len(p.pools)-1], ""
	for _, k := range p.pools {
		if v := s.get(k); v != "" {
			key, name = k, v
			break
		}
	}
	need := append([]string{key}, p.mandatory...)
	for _, k := range need {
		if s.get(k) == "" {
			return "", fault.New(v1.FailMissingProps, "Volume %d of resource '%s' cannot be placed on node '%s': the property '%s' is not set.",
				s.volume, s.definition, s.node, k).
				Because("the layer %s needs it", p.layer).
				Fix("Set it, for example with 'volume-definition set-property %s %d %s …', or for all with 'controller set-property'.", s.definition, s.volume, k).
				Ref("RscDfn", s.definition).Ref("Node", s.node)
		}
	}
	pool, ok := w.Pools.Get(s.node, name)
	if !ok || pool.Diskless() {
		return "", fault.New(v1.FailNotFoundStoragePool, "Storage pool '%s' for the layer %s is not on node '%s'.", name, p.layer, s.node).
			Because("property '%s' names it, and it must be one with storage on that node", key).
			Fix("Create the storage pool on the node, or change the property '%s'.", key).
			Ref("Node", s.node).Ref("StorPoolDfn", name).Ref("RscDfn", s.definition)
	}
	return pool.Name, nil
}

// checkNVMe keeps a definition to one target, which initiators need first.
func checkNVMe(w *model.World, d *model.Definition, r *model.Resource) error {
	if !model.HasLayer(r.Stack, v1.LayerTypeNvme) {
		return nil
	}
	target := ""
	for other := range w.Resources.Under(d.Name) {
		if other.Diskless == model.Diskful && other.Deleting == nil && model.Key(other.Node) != model.Key(r.Node) {
			target = other.Node
		}
	}
	switch {
	case r.Diskless == model.NVMeInitiator && target == "":
		return fault.New(v1.FailMissingNvmeTarget, "Resource '%s' has no NVMe target yet.", d.Name).
			Because("an initiator uses the volumes of another node").
			Fix("Create the resource with a storage pool on another node first.").Ref("RscDfn", d.Name)
	case r.Diskless == model.Diskful && target != "":
		return fault.New(v1.FailExistsNvmeTargetPerResourceDefinition, "Resource '%s' has an NVMe target already.", d.Name).
			Because("node '%s' offers its volumes, and there can be one target only", target).
			Fix("Use --nvme-initiator to reach the volumes from node '%s'.", r.Node).Ref("RscDfn", d.Name).Ref("Node", target)
	}
	return nil
}
