package model

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/btree"
)

// numbers is a set of numbers in use, for several owners apart from each other. It
// keeps runs without gaps, so that finding the lowest free number does not depend on
// how many are in use. Copies share their content.
type numbers struct {
	// runs maps OWNER/first to the last number of a run.
	runs *btree.Map[string, int]
	// more counts the further users of a number that several have; the state may hold
	// such numbers although none are given out twice.
	more *btree.Map[string, int]
}

func newNumbers() numbers {
	return numbers{runs: newMap[int](), more: newMap[int]()}
}

func (s numbers) copy() numbers { return numbers{runs: s.runs.Copy(), more: s.more.Copy()} }

func numberKey(owner string, n int) string { return fmt.Sprintf("%s/%08d", owner, n) }

// run finds the run of an owner that holds n.
func (s numbers) run(owner string, n int) (first, last int, ok bool) {
	key := numberKey(owner, n)
	s.runs.Descend(key, func(k string, end int) bool {
		if rest, mine := strings.CutPrefix(k, owner+"/"); mine && end >= n {
			ok = true
			last = end
			first, _ = strconv.Atoi(rest)
		}
		return false
	})
	return first, last, ok
}

// has tells whether a number is in use.
func (s numbers) has(owner string, n int) bool {
	_, _, ok := s.run(owner, n)
	return ok
}

// add takes a number into use.
func (s numbers) add(owner string, n int) {
	if s.has(owner, n) {
		k := numberKey(owner, n)
		count, _ := s.more.Get(k)
		s.more.Set(k, count+1)
		return
	}
	first, last := n, n
	if f, _, ok := s.run(owner, n-1); ok {
		first = f
	}
	if _, l, ok := s.run(owner, n+1); ok {
		s.runs.Delete(numberKey(owner, n+1))
		last = l
	}
	s.runs.Set(numberKey(owner, first), last)
}

// drop gives a number back.
func (s numbers) drop(owner string, n int) {
	k := numberKey(owner, n)
	if count, ok := s.more.Get(k); ok {
		if count > 1 {
			s.more.Set(k, count-1)
		} else {
			s.more.Delete(k)
		}
		return
	}
	first, last, ok := s.run(owner, n)
	if !ok {
		return
	}
	s.runs.Delete(numberKey(owner, first))
	if first < n {
		s.runs.Set(numberKey(owner, first), n-1)
	}
	if n < last {
		s.runs.Set(numberKey(owner, n+1), last)
	}
}

// free is the lowest number from n on that is not in use.
func (s numbers) free(owner string, n int) int {
	if _, last, ok := s.run(owner, n); ok {
		return last + 1
	}
	return n
}

// minors is the owner of the DRBD minor numbers, which are the cluster's.
const minors = ""

// MinorUsed tells whether a volume has a DRBD minor number.
func (w *World) MinorUsed(n int) bool { return w.minors.has(minors, n) }

// FreeMinor is the lowest unused DRBD minor number from n on.
func (w *World) FreeMinor(n int) int { return w.minors.free(minors, n) }

// PortUsed tells whether a replica on a node has a TCP port.
func (w *World) PortUsed(node string, n int) bool { return w.ports.has(Key(node), n) }

// FreePort is the lowest TCP port of a node from n on that no replica has.
func (w *World) FreePort(node string, n int) int { return w.ports.free(Key(node), n) }

func (w *World) indexMinors(d *Definition) {
	for i := range d.Volumes {
		if d.Volumes[i].Minor >= 0 {
			w.minors.add(minors, d.Volumes[i].Minor)
		}
	}
}

func (w *World) dropMinors(d *Definition) {
	for i := range d.Volumes {
		if d.Volumes[i].Minor >= 0 {
			w.minors.drop(minors, d.Volumes[i].Minor)
		}
	}
}

// ports are the TCP ports of a replica.
func (r *Resource) ports() []int {
	if r.DRBD == nil {
		return nil
	}
	return r.DRBD.Ports
}

func (w *World) indexPorts(r *Resource) {
	for _, p := range r.ports() {
		w.ports.add(Key(r.Node), p)
	}
}

func (w *World) dropPorts(r *Resource) {
	for _, p := range r.ports() {
		w.ports.drop(Key(r.Node), p)
	}
}
