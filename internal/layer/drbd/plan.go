package drbd

// # Crashes
//
// A plan is a list of steps, each of which may be the last one before a crash, and
// may itself be cut off in the middle. Planning again from what is then observed
// leads to the same end, because each intermediate state can be told apart:
//
//	cut off in or after        observed then                    the next plan
//	create-md                  no metadata, or metadata that    begins with create-md, or
//	                           has never been used              with set-gi
//	set-gi of peers' ids       metadata that was never used     writes all identifiers again
//	set-gi of the own id       the wanted current identifier    goes on with the file
//	detach                     no disk in the kernel            goes on with the file, or
//	                                                            attaches it again where no
//	                                                            peer had the data, or waits
//	write of the file          the file, not yet applied        adjusts
//	removal of the good copy   the file, not yet applied        adjusts
//	adjust                     the file, not yet applied        adjusts once more
//	write of the good copy     all as wanted                    has no steps
//	down                       the files, nothing in the kernel removes the files
//	removal of the good copy   the file, nothing in the kernel  removes the file
//
// "Not yet applied" is that the good copy is missing or differs: it is removed
// before every adjust of a file that it equals, and written after adjust was
// successful. So a connection or a disk that an adjust has not reached is never
// taken for one that an administrator has disconnected or detached.
//
// Identifiers of new metadata are written before the file that names the disk. So
// DRBD never attaches metadata that is half made, and a file that lists a disk
// without metadata on it means that metadata was lost, which is an error, however
// many grants are left over. Only a path that stands in for storage which nobody had
// seen yet tells of none.

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Wanted is what a node shall have of one resource.
type Wanted struct {
	Resource Resource
	Tools    Tools
	Header   Header
	// Dir is where the resource files are; it has a folder .backup.
	Dir string
	// Down takes the resource out of the kernel and removes its file: it is being
	// deleted or deactivated. Storage is left as it is.
	Down bool
	// SkipDisk leaves lower devices alone, after they failed.
	SkipDisk bool
	// MayKeep tells that a disk may still have to be let go of, although the resource is to
	// be diskless. Kept tells that such disks are in use until a peer has the data: one that
	// cannot be used must not keep the node from its peers.
	MayKeep, Kept bool
	// Meta says by volume number how metadata is to be.
	Meta map[int]MetaWanted
	// Forget has the node ids of peers that are gone for good.
	Forget []int
	// Awaited has the volumes that are left out until their disks are made.
	Awaited []int
	// Reconnect and Discard have the node ids of peers to which a connection that was
	// cut off is to be made again; with Discard by giving up the own data.
	Reconnect, Discard []int
	// Refused has the node ids of peers to which a connection was made again just now.
	Refused []int
	// Retract has the node ids of peers towards which data is no longer to be given up.
	Retract []int
	// Trust orders to call the own disks up to date, where all disks are outdated.
	Trust bool
	// Restart orders a node without a disk to begin anew, if nobody uses it.
	Restart bool
	// Foresee asks for the whole way: steps that wait for what others show are given too.
	Foresee bool
}

// MetaWanted is the metadata of one volume, with what may be done for it.
type MetaWanted struct {
	Layout MetaLayout
	// Create is the grant to make metadata on a device that has none; nil for a
	// volume that was made before.
	Create *Create
	// Grow tells that this node shall make DRBD use a grown lower device.
	Grow *Grow
}

// Create is the grant to make metadata.
type Create struct {
	Start  Start
	Day0   UUID
	Random UUID
	// Replace allows to overwrite metadata that has this very identity, such as that
	// which a snapshot has brought along; nil allows none.
	Replace *Identity
	// Anew allows to overwrite metadata of a disk that was about to be removed.
	Anew bool
	// KeepsData tells that the device has data that is meant to be there, such as
	// that of a restored snapshot, so that signatures are no obstacle.
	KeepsData bool
}

// Grow is the order to make DRBD use more of the lower devices.
type Grow struct {
	NetKiB int64
	// AssumeClean skips the resync of the new part: it reads as zeroes everywhere.
	AssumeClean bool
}

// Observed is what a node has of one resource, and what could be in its way.
type Observed struct {
	// File and Good are the resource file and its good copy; nil where missing.
	File, Good []byte
	// State is the resource in the kernel; nil where it is not there.
	State *State
	// Others are the other resources in the kernel, by name.
	Others map[string]State
	// RunningSecret is the secret that the kernel has, from drbdsetup show; empty
	// where it is not known.
	RunningSecret string
	// Stalled are the steps of DRBD that do not end by themselves.
	Stalled []Stall
	// Lower has the lower devices by volume number.
	Lower map[int]Lower
}

// Lower is a lower device with the metadata on it or beside it.
type Lower struct {
	// Present tells that the device is there, with the identity that its storage
	// layer has checked. Stored tells that the storage is, whether or not it can be used
	// just now.
	Present, Stored bool
	// Broken tells that the layers below refuse to make a device of the storage.
	Broken  bool
	SizeKiB int64
	// InUse tells that something has the device open; nothing does before DRBD.
	InUse bool
	// Own tells that all that is on the device was written since it was made: nothing of
	// an earlier one can shine through.
	Own bool
	// MetaKnown tells that Meta says what is there; an attached device need not be
	// looked at.
	MetaKnown bool
	Meta      Metadata
	// SignatureKnown tells that the device that takes the metadata was searched for
	// signatures other than DRBD's. Signature is what was found, such as ext4.
	SignatureKnown bool
	Signature      string
}

// Outcome is a plan with what cannot be planned now.
type Outcome struct {
	Steps []provider.Step
	// Keep has the volumes whose disk cannot be let go of yet, although the resource is to
	// be diskless here.
	Keep []int
	// Waiting says what has to happen elsewhere before more can be done.
	Waiting []string
	// Warnings are what the user should know.
	Warnings []string
	// Restarts tells that the order to begin anew is carried out.
	Restarts bool
	// Rejoins has the node ids of peers to which a connection is made again.
	Rejoins []int
	// Unstalls is the resync that is begun anew as it stands still; nil for none.
	Unstalls *Stall
	// Follows tells that the kernel has the wanted configuration.
	Follows bool
}

// Path is where the resource file is.
func (w *Wanted) Path() string { return filepath.Join(w.Dir, w.Resource.FullName()+".res") }

// GoodPath is where the copy of the last file is that was applied.
func (w *Wanted) GoodPath() string {
	return filepath.Join(w.Dir, ".backup", w.Resource.FullName()+".res")
}

// Plan gives the steps from the observed to the wanted state, none when it is
// there. Whatever is foreign, in the way or unknown is a fault, and no step.
func Plan(w Wanted, o Observed) (Outcome, error) {
	if err := foreign(&w, &o); err != nil {
		return Outcome{}, err
	}
	if w.Down {
		return planDown(&w, &o)
	}
	if err := w.Resource.Check(); err != nil {
		return Outcome{}, err
	}
	if err := conflicts(&w, &o); err != nil {
		return Outcome{}, err
	}
	p := &planner{w: &w, o: &o}
	for _, stage := range []func() error{p.disks, p.configure, p.detach, p.rejoin, p.resume, p.unstall, p.apply, p.grow, p.forget} {
		if err := stage(); err != nil {
			return Outcome{}, err
		}
		if p.stop {
			break
		}
	}
	p.remarks()
	p.out.Follows = p.text != nil && bytes.Equal(Body(o.File), Body(p.text)) && p.applied()
	return p.out, nil
}

// planner collects the steps for a resource that shall be up.
type planner struct {
	w    *Wanted
	o    *Observed
	text []byte
	out  Outcome
	// skipDisk leaves the disks alone in this round.
	skipDisk bool
	// unready has the volumes whose metadata is not known to be complete; the file
	// must not name their disks.
	unready []int
	// anew applies the configuration although DRBD follows it.
	anew bool
	// stop ends the plan: the rest has to wait.
	stop bool
}

func (p *planner) cmd(effect provider.Effect, why string, argv ...string) {
	c := run.Command(argv...)
	p.out.Steps = append(p.out.Steps, provider.Step{Cmd: &c, Why: why, Effect: effect})
}

func (p *planner) wait(format string, args ...any) {
	p.out.Waiting = append(p.out.Waiting, fmt.Sprintf(format, args...))
}

func (p *planner) me() Node {
	n, _ := p.w.Resource.local()
	return n
}

// configure writes the file, without the disks that are not ready.
func (p *planner) configure() error {
	r := p.w.Resource
	p.orderable(&r)
	p.keepLeft(&r)
	r.Volumes = slices.Clone(r.Volumes)
	for i, v := range r.Volumes {
		r.Volumes[i].NoDisk = v.NoDisk || slices.Contains(p.unready, v.Number)
	}
	file, err := Config(&r, p.w.Tools, p.w.Header)
	p.text = file.Text
	p.out.Warnings = append(p.out.Warnings, file.Warnings...)
	return err
}

// device is a volume in the kernel.
func (p *planner) device(number int) (Device, bool) {
	if p.o.State == nil {
		return Device{}, false
	}
	d, ok := p.o.State.Devices[number]
	return d, ok
}

// attached tells whether the kernel holds a disk of the volume.
func (p *planner) attached(number int) bool {
	d, ok := p.device(number)
	return ok && d.Disk != DiskDiskless
}

// remarks tell what is in a state that no step may mend.
func (p *planner) remarks() {
	s := p.o.State
	if s == nil {
		return
	}
	for _, n := range p.w.Resource.linked() {
		if l, ok := s.Connections[n.NodeID]; ok && l.Connection == StandAlone {
			p.out.Warnings = append(p.out.Warnings, fmt.Sprintf(
				"The connection to %s is cut off on purpose (StandAlone): an administrator has disconnected it, or DRBD found a split brain.", n.Name))
		}
	}
	if s.Suspended.Quorum {
		p.out.Warnings = append(p.out.Warnings, "I/O is suspended, because too few nodes see each other (quorum).")
	}
}

// forget frees the bitmap slots of peers that are gone. It is no loss to do it
// once more: the tool says that it does not know the peer.
func (p *planner) forget() error {
	if p.o.State == nil {
		return nil
	}
	for _, id := range slices.Sorted(slices.Values(p.w.Forget)) {
		if _, linked := p.o.State.Connections[id]; linked {
			p.wait("Node id %d can be forgotten once its connection is gone.", id)
			continue
		}
		if slices.ContainsFunc(p.w.Resource.Nodes, func(n Node) bool { return n.NodeID == id }) {
			return fault.New(v1.FailImplError, "Node id %d of resource '%s' is both a member and to be forgotten.", id, p.w.Resource.FullName())
		}
		p.cmd(provider.EffectModify, fmt.Sprintf("forget the deleted peer with node id %d, so that its bitmap can be used again", id),
			"drbdsetup", "forget-peer", p.w.Resource.FullName(), fmt.Sprint(id))
		// 10: the peer is not known any more.
		p.out.Steps[len(p.out.Steps)-1].OKExit = []int{10}
	}
	return nil
}
