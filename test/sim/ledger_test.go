package sim_test

import (
	"strconv"
	"strings"
	"sync"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// ledger is what the API has acknowledged: it must be so until another command
// changes it, whatever happens in between.
type ledger struct {
	mu sync.Mutex
	at map[string]entry
	// under way are commands that have not ended; ended are those that have, with
	// the moment.
	underWay map[*promise]bool
	ended    map[*promise]int
	moment   int
}

func newLedger() *ledger {
	return &ledger{at: map[string]entry{}, underWay: map[*promise]bool{}, ended: map[*promise]int{}}
}

type entry struct {
	// value is present, absent, or a value; empty is not known.
	value string
	gen   int
}

const (
	present = "present"
	absent  = "absent"
)

// promise is a command under way.
type promise struct {
	l     *ledger
	gens  map[string]int
	was   map[string]string
	wants map[string]string
	began int
	// patterns are the keys that it may make or change.
	patterns []string
}

// begin notes that a command is under way that concerns some keys, or with a final
// "*" all keys that begin so.
func (l *ledger) begin(wants map[string]string, concerns ...string) *promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.moment++
	p := &promise{l: l, gens: map[string]int{}, was: map[string]string{}, wants: map[string]string{}, began: l.moment}
	p.patterns = append(p.patterns, concerns...)
	for key := range wants {
		p.patterns = append(p.patterns, key)
	}
	l.underWay[p] = true
	touch := func(key string) {
		e := l.at[key]
		p.was[key] = e.value
		l.at[key] = entry{gen: e.gen + 1}
		p.gens[key] = e.gen + 1
	}
	for _, c := range concerns {
		for key := range l.at {
			if matches(c, key) {
				touch(key)
			}
		}
	}
	for key, v := range wants {
		if strings.Contains(key, "*") {
			for k := range p.gens {
				if matches(key, k) {
					p.wants[k] = v
				}
			}
			continue
		}
		if _, done := p.gens[key]; !done {
			touch(key)
		}
		p.wants[key] = v
	}
	return p
}

// matches compares the parts of a key with those of a pattern, where * is any.
func matches(pattern, key string) bool {
	a, b := strings.Split(pattern, "/"), strings.Split(key, "/")
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != "*" && a[i] != b[i] {
			return false
		}
	}
	return true
}

// kept notes that the command was acknowledged.
func (p *promise) kept() { p.end(func(key string) string { return p.wants[key] }) }

// refused notes that the command has changed nothing.
func (p *promise) refused() { p.end(func(key string) string { return p.was[key] }) }

func (p *promise) end(value func(key string) string) {
	p.l.mu.Lock()
	defer p.l.mu.Unlock()
	l := p.l
	l.moment++
	delete(l.underWay, p)
	l.ended[p] = l.moment
	for key, gen := range p.gens {
		if l.contested(p, key) {
			l.at[key] = entry{gen: gen + 1}
		} else if l.at[key].gen == gen {
			l.at[key] = entry{value: value(key), gen: gen}
		}
	}
}

// contested tells whether another command that concerns a key was under way at the
// same time, so that nobody knows which of them came last.
func (l *ledger) contested(p *promise, key string) bool {
	hit := func(q *promise) bool {
		for _, pattern := range q.patterns {
			if matches(pattern, key) {
				return true
			}
		}
		return false
	}
	for q := range l.underWay {
		if hit(q) {
			return true
		}
	}
	for q, at := range l.ended {
		if q != p && at > p.began && hit(q) {
			return true
		}
	}
	return false
}

// unknown notes that nobody knows what the command has done.
func (p *promise) unknown() { p.end(func(string) string { return "" }) }

// check compares with a world; final demands that deletions are through.
func (l *ledger) check(w *model.World, final bool, wrong func(format string, args ...any)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, key := range sorted(l.at) {
		want := l.at[key].value
		if want == "" {
			continue
		}
		got, deleting := look(w, key)
		switch {
		case want == got && (!final || !deleting), want == absent && deleting && !final:
		case got == "" && want == absent:
		case strings.HasPrefix(key, "size/") && atoi(got) >= atoi(want):
		default:
			wrong("acknowledged: %s is %s; it is %q (deleting: %v)", key, want, got, deleting)
		}
	}
}

func atoi(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }

// look finds what a key stands for; deleting tells that it is on its way out.
func look(w *model.World, key string) (value string, deleting bool) {
	p := strings.Split(key, "/")
	is := func(ok, deleting bool) (string, bool) {
		if !ok {
			return absent, false
		}
		return present, deleting
	}
	switch p[0] {
	case "node":
		n, ok := w.Nodes.Get(p[1])
		return is(ok, ok && n.Deleting != nil)
	case "pool":
		_, ok := w.Pools.Get(p[1], p[2])
		return is(ok, false)
	case "rd":
		d, ok := w.Definitions.Get(p[1])
		return is(ok, ok && d.Deleting != nil)
	case "res":
		r, ok := w.Resources.Get(p[1], p[2])
		return is(ok, ok && r.Deleting != nil)
	case "size":
		d, ok := w.Definitions.Get(p[1])
		if !ok {
			return "", false
		}
		vd, ok := d.Volume(int(atoi(p[2])))
		if !ok {
			return "", false
		}
		return strconv.FormatInt(vd.SizeKiB, 10), vd.Deleting != nil
	case "kv":
		if k, ok := w.KeyValueStores.Get("sim"); ok {
			return k.Props[p[1]], false
		}
	}
	return "", false
}
