package drbd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// resyncAfter names the volume whose resync comes first.
const resyncAfter = "resync-after"

// orderable leaves out what a resync is to wait for where it is not on this node.
// DRBD would not wait anyway, and drbdadm complains where no user reads it; nor has it to
// read the files of all resources for nothing then.
func (p *planner) orderable(r *Resource) {
	r.Disk = p.withKnown(r.Disk, -1)
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if n.Name != r.Local || len(n.VolumeOptions) == 0 {
			continue
		}
		known := make(map[int][]Option, len(n.VolumeOptions))
		for number, opts := range n.VolumeOptions {
			known[number] = p.withKnown(opts, number)
		}
		r.Nodes = slices.Clone(r.Nodes)
		r.Nodes[i].VolumeOptions = known
	}
}

// withKnown is for the options of one volume; −1 is all of them.
func (p *planner) withKnown(opts []Option, volume int) []Option {
	i := slices.IndexFunc(opts, func(o Option) bool { return o.Name == resyncAfter && !p.onNode(o.Value, volume) })
	if i < 0 {
		return opts
	}
	p.out.Warnings = append(p.out.Warnings, fmt.Sprintf(
		"DRBD's disk option %s is left out: '%s' is no other volume of DRBD on this node.", resyncAfter, oneLine(opts[i].Value)))
	return slices.Delete(slices.Clone(opts), i, i+1)
}

// onNode tells whether DRBD on this node has a volume, other than the one that is to
// wait for it. A resource without a number stands for its volume 0.
func (p *planner) onNode(target string, volume int) bool {
	name, digits, both := strings.Cut(target, "/")
	number, err := strconv.Atoi(digits)
	if !both {
		number, err = 0, nil
	}
	if err != nil {
		return false
	}
	if name == p.w.Resource.FullName() {
		return volume >= 0 && number != volume && slices.ContainsFunc(p.w.Resource.Volumes, func(v Volume) bool { return v.Number == number })
	}
	other, ok := p.o.Others[name]
	if !ok {
		return false
	}
	_, ok = other.Devices[number]
	return ok
}
