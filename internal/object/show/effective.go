package show

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// keySkipDisk keeps DRBD away from the disks of a replica.
const keySkipDisk = "DrbdOptions/SkipDisk"

// effectiveProps are the inherited properties of a replica that clients look at: the
// value that counts, and the objects further away that have one, too.
func effectiveProps(w *model.World, d *model.Definition, r *model.Resource) map[string]*v1.EffectivePropertiesMapValue {
	if d == nil || !model.HasLayer(r.Stack, v1.LayerTypeDrbd) {
		return nil
	}
	type level struct {
		kind  string
		props map[string]string
	}
	var levels []level
	for _, v := range r.Volumes {
		if p, ok := w.Pools.Get(r.Node, v.Pool); ok {
			levels = append(levels, level{"STORAGEPOOL", p.Props})
			break
		}
	}
	levels = append(levels, level{"RESOURCE", r.Props}, level{"RESOURCE_DEFINITION", d.Props})
	if g, ok := w.Groups.Get(d.Group); ok {
		levels = append(levels, level{"RESOURCE_GROUP", g.Props})
	}
	if n, ok := w.Nodes.Get(r.Node); ok {
		levels = append(levels, level{"NODE", n.Props})
	}
	levels = append(levels, level{"SATELLITE", w.Props()})
	var out *v1.EffectivePropertiesMapValue
	for _, l := range levels {
		v, ok := l.props[keySkipDisk]
		switch {
		case !ok:
		case out == nil:
			out = &v1.EffectivePropertiesMapValue{PropertyWithDescription: v1.PropertyWithDescription{Type: l.kind, Value: v}}
		default:
			out.Other = append(out.Other, v1.PropertyWithDescription{Type: l.kind, Value: v})
		}
	}
	if out == nil {
		return nil
	}
	return map[string]*v1.EffectivePropertiesMapValue{keySkipDisk: out}
}
