package drbd

import (
	"fmt"
	"slices"
)

// needTiebreaker are the versions that know which diskless node has a vote.
var needTiebreaker = Tools{Kernel: Version{9, 3, 1}, Utils: utils934}

// member writes one node with its volumes.
func (w *writer) member(n Node) {
	w.open("on " + w.text("the host name of node "+n.Name, n.Uname))
	for _, v := range w.r.volumes() {
		w.volume(n, v)
	}
	w.line("node-id %d;", n.NodeID)
	w.close()
}

func (w *writer) volume(n Node, v Volume) {
	local := n.Name == w.r.Local
	w.open(fmt.Sprintf("volume %d", v.Number))
	w.line("disk %s;", w.disk(n, v, local))
	w.tiebreaker(n)
	w.diskOptions(n, v, local)
	w.line("meta-disk %s;", w.metaDisk(n, v, local))
	w.line("device minor %d;", v.Minor)
	w.close()
}

func (w *writer) disk(n Node, v Volume, local bool) string {
	switch {
	case n.Diskless || local && v.NoDisk:
		return "none"
	case local:
		return w.text(fmt.Sprintf("the path of the lower device of volume %d", v.Number), v.BackingPath)
	}
	return `"` + dummyDisk + `"`
}

func (w *writer) metaDisk(n Node, v Volume, local bool) string {
	if v.MetaPath == "" || !local || n.Diskless || v.NoDisk {
		return "internal"
	}
	return w.text(fmt.Sprintf("the path of the metadata device of volume %d", v.Number), v.MetaPath)
}

func (w *writer) tiebreaker(n Node) {
	if !w.tools.Kernel.AtLeast(needTiebreaker.Kernel) || !w.tools.Utils.AtLeast(needTiebreaker.Utils) {
		w.line("# tiebreaker needs DRBD %s and drbd-utils %s", needTiebreaker.Kernel, needTiebreaker.Utils)
		return
	}
	vote := "yes"
	if n.Client {
		vote = "no"
	}
	w.line("tiebreaker %s;", vote)
}

func (w *writer) diskOptions(n Node, v Volume, local bool) {
	opts := n.VolumeOptions[v.Number]
	if !local && !w.tools.Utils.AtLeast(utils9231) {
		// Older tools look for the other resource's volume on the peer's behalf, and fail.
		opts = slices.DeleteFunc(slices.Clone(opts), func(o Option) bool { return o.Name == resyncAfter })
	}
	lines := w.options(secDisk, opts)
	if v.SizeKiB > 0 && !n.Diskless && (!local || !v.NoDisk) {
		lines = append(lines, fmt.Sprintf("size %dk;", v.SizeKiB))
	}
	if len(lines) == 0 {
		return
	}
	w.open("disk")
	for _, l := range lines {
		w.line("%s", l)
	}
	w.close()
}
