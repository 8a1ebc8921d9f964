package sim

// FileMark reads what a file holds under a mark, attached or not.
func (m *Machine) FileMark(p, mark string) (value string) {
	m.do(func() {
		if node := m.files.at(p); node != nil && node.content != nil {
			value = node.content.Get(mark)
		}
	})
	return value
}

// VolumeMark reads what an active or inactive volume holds under a mark.
func (l *LVM) VolumeMark(vg, name, mark string) (value string) {
	l.m.do(func() {
		if g := l.vgs[vg]; g != nil && g.lvs[name] != nil {
			value = g.lvs[name].content.Get(mark)
		}
	})
	return value
}

// SnapshotMark reads what a snapshot holds under a mark.
func (z *ZFS) SnapshotMark(snapshot, mark string) (value string) {
	z.m.do(func() {
		if s := z.sets[snapshot]; s != nil && s.content != nil {
			value = s.content.Get(mark)
		}
	})
	return value
}
