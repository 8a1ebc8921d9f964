package drbd

// letGo tells whether a disk that is to be used again must wait. It was given up before,
// when peers had all that is on it, so what was written since is on theirs alone. With a
// disk that is attached without any of them to compare with, this node would count among
// those that have the data, and enough such nodes would go on with what is old.
func (p *planner) letGo(volume int) bool {
	l, create := p.o.Lower[volume], p.w.Meta[volume].Create
	if create != nil && (create.Replace != nil || create.Anew && !l.own(p.me())) {
		return false // made anew: nothing old is left
	}
	m := l.Meta
	if !m.Found || m.NodeID != p.me().NodeID || m.Current.plain() == JustCreated || len(p.diskfulPeers()) == 0 {
		return false
	}
	if p.o.State != nil && len(p.o.State.goodPeers(volume)) > 0 {
		return false
	}
	d, ok := p.device(volume)
	return listsNone(p.o.File, p.me().Uname, volume) || ok && d.Disk == DiskDiskless && d.Client == Yes
}
