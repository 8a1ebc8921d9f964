package drbd

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// disks makes sure that every lower device can be attached.
func (p *planner) disks() error {
	if p.me().Diskless {
		return nil
	}
	if p.w.SkipDisk {
		p.skipDisk = true
		p.out.Warnings = append(p.out.Warnings, "The lower devices are not used (DrbdOptions/SkipDisk): data is read from and written to peers only.")
	}
	for _, v := range p.w.Resource.volumes() {
		if p.attached(v.Number) || v.NoDisk {
			continue
		}
		if p.w.Kept {
			p.keptDisk(v)
			continue
		}
		l := p.o.Lower[v.Number]
		if l.Present && !p.w.SkipDisk && p.letGo(v.Number) {
			p.unready = append(p.unready, v.Number)
			p.wait("The disk of volume %d stays unused: the node has let go of it before, others may have newer data, and none that is connected is up to date. "+
				"Bring back the node that was used last, or mend its disk. Only if its data is lost for good: delete its replica, and this one is no longer compared with it.", v.Number)
			continue
		}
		if l.Present && !p.w.SkipDisk {
			if err := p.metadata(v); err != nil {
				return err
			}
			continue
		}
		p.skipDisk = true
		if !p.w.SkipDisk {
			p.wait("The lower device of volume %d, %s, is not there yet.%s", v.Number, v.BackingPath, p.staysDown())
		}
		if !listsDisk(p.o.File, p.me().Uname, v.Number) {
			p.unready = append(p.unready, v.Number)
		}
	}
	// A resource that is up stays in touch with its peers without its disk; one that is not
	// waits for all of it.
	p.stop = p.skipDisk && (p.o.File == nil || p.o.State == nil) && !p.w.SkipDisk && !p.w.Kept
	return nil
}

// staysDown says why a resource that was up before a restart of its host is not brought up
// without its disk. DRBD would have forgotten which data it has seen, and peers would count
// its vote as that of the disk: enough such votes would make old data usable.
func (p *planner) staysDown() string {
	if p.o.File == nil || p.o.State != nil {
		return ""
	}
	return " DRBD stays down until it is: peers would count the vote of this node as if the data were there. If the disk is lost, set " +
		"DrbdOptions/SkipDisk to True on the replica to use the data over the network, or delete the replica."
}

// keptDisk brings a disk into use that is to go, so that peers can have its data. One
// that has failed, or cannot be attached, goes as soon as a peer is known to have all; one
// that is only out of reach is waited for.
func (p *planner) keptDisk(v Volume) {
	l := p.o.Lower[v.Number]
	why := fmt.Sprintf("The lower device of volume %d, %s, cannot be used now.", v.Number, v.BackingPath)
	if l.Present && !p.w.SkipDisk {
		if p.justLetGo(v.Number) && p.onlyMissed(v.Number, l.Meta) {
			return
		}
		err := p.metadata(v)
		if err == nil {
			return
		}
		why = err.Error()
	}
	empty := l.Present && l.MetaKnown && !l.Meta.Found && !listsDisk(p.o.File, p.me().Uname, v.Number)
	if empty || (l.Present || l.Broken || p.w.SkipDisk) && p.o.peerHas(v.Number) {
		p.unready = append(p.unready, v.Number)
		return
	}
	p.skipDisk = true
	p.wait("%s", why)
}

// metadata brings the metadata of one detached device in order.
func (p *planner) metadata(v Volume) error {
	l := p.o.Lower[v.Number]
	if !l.MetaKnown {
		return p.diskFault(v, "whether it has DRBD metadata could not be found out", "Find out with drbdmeta dump-md why; nothing is changed as long as this is unknown.")
	}
	create := p.w.Meta[v.Number].Create
	if !l.Meta.Found {
		return p.firstMetadata(v, l, create)
	}
	if create != nil && create.Replace != nil && l.Meta.Identity() == *create.Replace && !p.begun(create, l.Meta) {
		return p.makeMetadata(v, *create, true)
	}
	if create != nil && create.Anew && !l.own(p.me()) && !listsDisk(p.o.File, p.me().Uname, v.Number) && !p.begun(create, l.Meta) {
		return p.makeMetadata(v, *create, true)
	}
	if create != nil && l.unused() && !listsDisk(p.o.File, p.me().Uname, v.Number) && !p.begun(create, l.Meta) {
		// It was made for an earlier grant, before a deletion that was taken back.
		return p.makeMetadata(v, *create, true)
	}
	if err := p.recognise(v, l, create); err != nil {
		return err
	}
	if l.Meta.Moved {
		p.cmd(provider.EffectModify, fmt.Sprintf("move the metadata of volume %d to the end of its grown device", v.Number),
			p.metaCommand(v, "check-resize")...)
	}
	if create != nil && l.Meta.Fresh() {
		return p.identifiers(v, *create)
	}
	return nil
}

// begun tells that metadata already is what the grant leads to.
func (p *planner) begun(c *Create, m Metadata) bool {
	return m.Current == JustCreated || m.Current.plain() == c.Start.current(c.Day0, c.Random).plain()
}

// own tells whether metadata has been this replica's since its device was made: its
// removal or deletion was taken back before the device was gone.
func (l Lower) own(me Node) bool { return l.Own && l.Meta.Found && l.Meta.NodeID == me.NodeID }

// unused tells that metadata was made here and never used: no data came with it.
func (l Lower) unused() bool {
	return l.Own && l.Meta.Found && l.Meta.NodeID < 0 && l.Meta.DeviceUUID == 0
}

// recognise refuses metadata that cannot be this replica's.
func (p *planner) recognise(v Volume, l Lower, create *Create) error {
	me, m := p.me(), l.Meta
	if m.NodeID >= 0 && m.NodeID != me.NodeID {
		return p.diskFault(v, fmt.Sprintf("its metadata was written with node id %d, this replica has %d", m.NodeID, me.NodeID),
			"The device holds data of another replica; look where it comes from before it is used.")
	}
	if need := len(p.diskfulPeers()); m.MaxPeers < need {
		return p.diskFault(v, fmt.Sprintf("its metadata has %d peer slots, %d peers have disks", m.MaxPeers, need),
			"Delete this replica and create it again, with enough peer slots.")
	}
	if create == nil || listsDisk(p.o.File, me.Uname, v.Number) || p.begun(create, m) || l.own(me) {
		return nil
	}
	return p.diskFault(v, fmt.Sprintf("it is said to be new, but has metadata (generation %s, device %s) that was not made for it", m.Current, m.DeviceUUID),
		"Remove the metadata with drbdmeta wipe-md if the data on the device is not needed.")
}

func (p *planner) diskfulPeers() []Node {
	var out []Node
	for _, n := range p.w.Resource.peers() {
		if !n.Diskless {
			out = append(out, n)
		}
	}
	return out
}

// firstMetadata makes metadata on a device without any.
func (p *planner) firstMetadata(v Volume, l Lower, create *Create) error {
	switch {
	case listsDisk(p.o.File, p.me().Uname, v.Number) && !p.standsIn(v.Number):
		return p.diskFault(v, "it had DRBD metadata, and has none now",
			"Find out who has overwritten it. If peers have the data, delete this replica and create it again.")
	case create == nil:
		return p.diskFault(v, "it has no DRBD metadata, although the replica is not new",
			"Find out whether this is the right device. If peers have the data, delete this replica and create it again.")
	case create.KeepsData:
	case !l.SignatureKnown:
		return p.diskFault(v, "whether it holds other data could not be found out", "Find out with blkid -p why; nothing is written as long as this is unknown.")
	case l.Signature != "":
		return p.diskFault(v, "it holds other data: "+l.Signature, "Remove it with wipefs if it is not needed.")
	}
	return p.makeMetadata(v, *create, false)
}

// standsIn tells whether the file names a device that nobody had seen yet, because its
// storage was not finished or could not be looked at: DRBD has never had a disk by it.
func (p *planner) standsIn(number int) bool {
	disk, meta := listed(p.o.File, p.me().Uname, number)
	return strings.HasPrefix(disk, standIn) || strings.HasPrefix(meta, standIn)
}

func (p *planner) makeMetadata(v Volume, c Create, replace bool) error {
	if p.o.Lower[v.Number].InUse {
		return p.diskFault(v, "something on the node has it open", "Find out with lsblk or fuser what uses it.")
	}
	argv, err := p.createMD(v)
	if err != nil {
		return err
	}
	why := fmt.Sprintf("create DRBD metadata for volume %d", v.Number)
	if replace {
		why = fmt.Sprintf("replace the DRBD metadata of volume %d that its data came with", v.Number)
		switch {
		case c.Replace == nil && !c.Anew:
			why = fmt.Sprintf("replace the DRBD metadata of volume %d, which was made for an earlier order and never used", v.Number)
		case c.Anew:
			why = fmt.Sprintf("replace the DRBD metadata of volume %d that its removed disk had", v.Number)
		}
	}
	p.cmd(provider.EffectCreate, why, argv...)
	p.out.Steps[len(p.out.Steps)-1].Destructive = replace
	return p.identifiers(v, c)
}

func (p *planner) createMD(v Volume) ([]string, error) {
	m := p.w.Meta[v.Number].Layout
	if err := m.check(); err != nil {
		return nil, err
	}
	m = m.withDefaults()
	argv := p.metaCommand(v, "create-md")
	if m.ALStripes != defaultALStripes || m.ALStripeSizeKiB != defaultALStripeSizeKiB {
		argv = append(argv, "--al-stripes", strconv.Itoa(m.ALStripes), "--al-stripe-size-kB", strconv.Itoa(m.ALStripeSizeKiB))
	}
	if m.BitmapBlockKiB != defaultBitmapBlockKiB {
		if !p.w.Tools.Utils.AtLeast(utils933) {
			return nil, fault.New(v1.FailInvalidConfig, "Volume %d of resource '%s' cannot have a bitmap block size of %d KiB on this node.",
				v.Number, p.w.Resource.FullName(), m.BitmapBlockKiB).
				Because("that needs drbd-utils %s, the node has %s", utils933, p.w.Tools.Utils).Fix("Update drbd-utils, or use 4 KiB.")
		}
		argv = append(argv, "--bitmap-block-size", strconv.Itoa(m.BitmapBlockKiB<<10))
	}
	return append(argv, strconv.Itoa(m.Peers)), nil
}

func (p *planner) identifiers(v Volume, c Create) error {
	if c.Start != StartFull && !c.Day0.usable() || c.Start == StartWinner && (!c.Random.usable() || c.Random == c.Day0) {
		return fault.New(v1.FailImplError, "The first generation identifiers of volume %d of resource '%s' cannot be used.", v.Number, p.w.Resource.FullName()).
			Because("%s is to begin with %s and %s", c.Start, c.Day0, c.Random)
	}
	var peers []int
	for _, n := range p.w.Resource.peers() {
		peers = append(peers, n.NodeID)
	}
	for _, g := range startGIs(c.Start, p.me().NodeID, peers, c.Day0, c.Random) {
		argv := p.metaCommand(v, "set-gi")
		argv = append(argv[:2:2], append([]string{"--node-id", strconv.Itoa(g.NodeID)}, argv[2:]...)...)
		p.cmd(provider.EffectCreate, fmt.Sprintf("set the first generation identifiers of volume %d for node id %d", v.Number, g.NodeID), append(argv, g.Arg)...)
	}
	return nil
}

// metaCommand begins a call of drbdmeta. It asks before it writes, and nobody is
// there to answer: what it would ask about was looked at before. Even so it
// refuses to change the metadata of a minor that is attached.
func (p *planner) metaCommand(v Volume, command string) []string {
	dev, index := v.BackingPath, "internal"
	if v.MetaPath != "" {
		dev, index = v.MetaPath, "flex-external"
	}
	return []string{"drbdmeta", "--force", strconv.Itoa(v.Minor), "v09", dev, index, command}
}

func (p *planner) diskFault(v Volume, cause, fix string) error {
	return fault.New(v1.FailInvalidResourceState, "The lower device %s of volume %d of resource '%s' cannot be used.",
		v.BackingPath, v.Number, p.w.Resource.FullName()).Because("%s", cause).Fix("%s", fix).Ref("RscDfn", p.w.Resource.Name)
}

// listsDisk tells whether a file of ours gives a host a disk for a volume.
func listsDisk(text []byte, uname string, number int) bool {
	return strings.HasPrefix(listing(text, uname, number), `            disk "`)
}

// listsNone tells whether a file of ours says that a host has no disk for a volume.
func listsNone(text []byte, uname string, number int) bool {
	return strings.HasPrefix(listing(text, uname, number), "            disk none;")
}

// listing is what follows after the head of a host's volume in a file of ours.
func listing(text []byte, uname string, number int) string {
	host, err := quote(uname)
	if err != "" {
		return ""
	}
	_, member, ok := strings.Cut(string(text), "\n    on "+host+" {\n")
	if !ok {
		return ""
	}
	member, _, _ = strings.Cut(member, "\n    }\n")
	_, volume, _ := strings.Cut("\n"+member, fmt.Sprintf("\n        volume %d {\n", number))
	return volume
}
