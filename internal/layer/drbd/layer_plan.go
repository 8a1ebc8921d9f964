package drbd

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// Plan gives the next steps for one resource, and how it stands.
func (l *Layer) Plan(in layer.Input) (layer.Output, error) {
	now, found, err := inputs(in)
	if err != nil {
		return layer.Output{}, err
	}
	o := observed(in, now, found)
	switch {
	case in.Down && (in.Whole || len(staying(in.Resource)) == 0):
		return planGoing(in, now, found, o)
	case in.Down:
		// The configuration without these volumes is applied on the way up.
		return layer.Output{Released: released(in.Volumes, o), InUse: inUse(o)}, nil
	}
	w, err := wanted(in, now, found, false)
	if err != nil {
		return layer.Output{}, err
	}
	v := view{in: in, w: &w, o: &o, gone: found.failed}
	failed := v.failed()
	w.SkipDisk, w.Foresee = w.SkipDisk || len(failed) > 0, in.Foresee
	w.Restart = w.Restart && !l.restarted(in.Resource)
	w.Refused = l.refused(in.Resource.Name)
	out, err := Plan(w, o)
	if err != nil {
		return layer.Output{}, err
	}
	if out.Restarts && !in.Foresee {
		l.noteRestart(in.Resource)
	}
	if !in.Foresee {
		l.noteRejoins(in.Resource.Name, out.Rejoins)
		if out.Unstalls != nil {
			l.forgetStall(in.Resource.Name, *out.Unstalls)
		}
	}
	for _, n := range failed {
		out.Waiting = append(out.Waiting, waitFailed(n))
	}
	for _, n := range w.Awaited {
		out.Waiting = append(out.Waiting, fmt.Sprintf("Volume %d is added once its disk is made.", n))
	}
	for _, n := range slices.Sorted(maps.Keys(in.Keep)) {
		out.Waiting = append(out.Waiting, keptDisk(n))
	}
	res := v.output(out)
	res.DRBD.Kept = len(in.Keep) > 0 && len(res.Steps) == 0
	return res, nil
}

// Recover goes back to the last configuration that DRBD has accepted.
func (l *Layer) Recover(in layer.Input) []layer.Step {
	now, found, err := inputs(in)
	if err != nil || in.Down {
		return nil
	}
	w, err := wanted(in, now, found, false)
	if err != nil {
		return nil
	}
	o := observed(in, now, found)
	// The file is a newer one by now than that which the probe has read.
	o.File = nil
	return steps(w, append(Fallback(w, o), failAgain(&w, &o)...))
}

func inputs(in layer.Input) (*seen, *probed, error) {
	now, err := observedOf(in)
	if err != nil {
		return nil, nil, err
	}
	found, ok := in.Probed.(*probed)
	if !ok || found == nil {
		return nil, nil, fault.New(v1.FailImplError, "Resource '%s' was planned without having been probed.", in.Resource.Name)
	}
	return now, found, nil
}

var ownNodeID = regexp.MustCompile(`\n        node-id ([0-9]+);\n    }\n`)

// observed puts together what is known of a resource.
func observed(in layer.Input, now *seen, found *probed) Observed {
	o := Observed{File: found.file, Good: found.good, RunningSecret: found.secret, Stalled: found.stalled, Lower: map[int]Lower{}, Others: now.states}
	if s, ok := now.states[in.Resource.Name]; ok {
		// The kernel runs what the good copy says; the event stream leaves it out.
		if id := ownNodeID.FindSubmatch(found.good); id != nil && Ours(found.good) && s.NodeID < 0 {
			s.NodeID, _ = strconv.Atoi(string(id[1]))
		}
		o.State = &s
	}
	for _, v := range staying(in.Resource) {
		disk, ok := found.lower[v.Number]
		if !ok {
			disk = lowerOf(in.Lower[v.Number], v)
		}
		_, disk.Stored = in.Lower[v.Number]
		disk.Broken = in.Broken && in.Keep[v.Number]
		o.Lower[v.Number] = disk
	}
	return o
}

// planGoing takes the whole resource away.
func planGoing(in layer.Input, now *seen, found *probed, o Observed) (layer.Output, error) {
	w, err := wanted(in, now, found, true)
	if err != nil {
		return layer.Output{}, err
	}
	if strange(&w, &o) {
		return aside(in, o), nil
	}
	plan, err := Plan(w, o)
	if err != nil {
		return layer.Output{}, err
	}
	if only := o.onlyGood(in.Resource); only != "" && !in.Foresee {
		return putOff(view{in: in, w: &w, o: &o}, only), nil
	}
	out := layer.Output{Steps: steps(w, plan.Steps), Waiting: plan.Waiting, Released: map[int]bool{}, InUse: inUse(o)}
	if len(out.Steps) == 0 {
		out.Released = released(in.Volumes, o)
	}
	return out, nil
}

// strange tells that what runs under the name is another's resource: ours has no
// files, so it is gone or never came up.
func strange(w *Wanted, o *Observed) bool {
	return o.State != nil && o.File == nil && o.Good == nil && foreign(w, o) != nil
}

// aside leaves another's resource alone. The devices below are free unless it is
// they that it uses.
func aside(in layer.Input, o Observed) layer.Output {
	out := layer.Output{Released: map[int]bool{}}
	held := map[string]bool{}
	for _, d := range o.State.Devices {
		held[d.Backing] = d.Backing != ""
	}
	for _, v := range in.Volumes {
		dev := in.Lower[v.Number]
		out.Released[v.Number] = !held[dev.Path] && !held[dev.Parts[metaSuffix].Path]
	}
	return out
}

func released(vols []link.Volume, o Observed) map[int]bool {
	out := map[int]bool{}
	for _, v := range vols {
		out[v.Number] = Released(o, v.Number)
	}
	return out
}

func inUse(o Observed) *bool {
	used := o.State != nil && o.State.Used()
	return &used
}

// steps are those of a plan with the volumes that they are for; −1 is all of them.
func steps(w Wanted, in []provider.Step) []layer.Step {
	minors := map[string]int{}
	for _, v := range w.Resource.Volumes {
		minors[strconv.Itoa(v.Minor)] = v.Number
	}
	var out []layer.Step
	for _, s := range in {
		out = append(out, layer.Step{Step: s, Volume: stepVolume(s, minors)})
	}
	return out
}

func stepVolume(s provider.Step, minors map[string]int) int {
	minor := ""
	if s.Cmd == nil {
		return -1
	}
	switch argv := s.Cmd.Argv; {
	case argv[0] == "drbdmeta":
		minor = argv[max(1, slices.Index(argv, "v09"))-1]
	case argv[0] == "drbdsetup" && argv[1] == "detach":
		minor = argv[2]
	case slices.Contains(argv, "resize"), slices.Contains(argv, "attach"):
		_, number, _ := strings.Cut(argv[len(argv)-1], "/")
		if n, err := strconv.Atoi(number); err == nil {
			return n
		}
	}
	if n, ok := minors[minor]; ok {
		return n
	}
	return -1
}
