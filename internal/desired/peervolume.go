package desired

import "github.com/holdfast-storage/holdfast/api/link/v1"

// peerVolumes are the peer-device options that objects of single volumes have. They
// count before those of the connection as a whole.
func (s *scope) peerVolumes(a, b *replica) map[int][]link.DRBDOption {
	const namespace = "DrbdOptions/PeerDevice/"
	var out map[int][]link.DRBDOption
	for _, vd := range s.d.Volumes {
		var levels []level
		for _, m := range []*replica{a, b} {
			if v, ok := m.r.Volume(vd.Number); ok {
				levels = append(levels, level{kind: "V", name: s.d.Name, node: m.r.Node, nr: vd.Number, props: v.Props})
			}
		}
		levels = append(levels, level{kind: "VD", name: s.d.Name, nr: vd.Number, props: vd.Props})
		if s.group != nil {
			if vg, ok := s.group.Volume(vd.Number); ok {
				levels = append(levels, level{kind: "VG", name: s.group.Name, nr: vd.Number, props: vg.Props})
			}
		}
		if opts := options(namespace, levels); opts != nil {
			if out == nil {
				out = map[int][]link.DRBDOption{}
			}
			out[vd.Number] = opts
		}
	}
	return out
}
