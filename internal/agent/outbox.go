package agent

import (
	"reflect"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
)

// Progress values of a report.
const (
	progressWorking = "working"
	progressReady   = "ready"
	progressFailed  = "failed"
	progressGone    = "gone"
)

// outbox keeps the newest report of every pool and resource and tells readers
// what has changed since they last looked. Nothing waits for a slow reader.
type outbox struct {
	mu        sync.Mutex
	pools     map[string]link.PoolReport
	resources map[string]link.ResourceReport
	// errors wait for a reader; each is handed out once.
	errors  []link.ErrorReport
	readers map[*Reader]struct{}
	// waiting is set while news of free space wait for company.
	waiting bool
}

// spaceDelay is how long news of free space alone wait for other news. Every step
// changes it a little, and mostly the report on the resource follows at once; a report
// of its own before that would make the resource's wait for the controller.
const spaceDelay = 20 * time.Millisecond

// Reader follows an outbox.
type Reader struct {
	box       *outbox
	pools     map[string]bool
	resources map[string]bool
	news      chan struct{}
}

func newOutbox() *outbox {
	return &outbox{pools: map[string]link.PoolReport{}, resources: map[string]link.ResourceReport{},
		readers: map[*Reader]struct{}{}}
}

func (o *outbox) resource(r link.ResourceReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if old, ok := o.resources[r.Name]; ok && reflect.DeepEqual(old, r) {
		return
	}
	o.resources[r.Name] = r
	for rd := range o.readers {
		rd.resources[r.Name] = true
		rd.signal()
	}
}

// failed keeps an error report for the next reader, and the newest ones of many.
func (o *outbox) failed(e link.ErrorReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errors = append(o.errors, e)
	if len(o.errors) > maxErrors {
		o.errors = o.errors[len(o.errors)-maxErrors:]
	}
	for rd := range o.readers {
		rd.signal()
	}
}

func (o *outbox) pool(p link.PoolReport) {
	o.mu.Lock()
	defer o.mu.Unlock()
	old, ok := o.pools[p.Name]
	if ok && reflect.DeepEqual(old, p) {
		return
	}
	o.pools[p.Name] = p
	onlySpace := ok && sameButSpace(old, p)
	for rd := range o.readers {
		rd.pools[p.Name] = true
		if !onlySpace {
			rd.signal()
		}
	}
	if onlySpace && !o.waiting {
		o.waiting = true
		time.AfterFunc(spaceDelay, o.wakeForPools)
	}
}

// sameButSpace tells whether two reports on a pool differ in its fill alone.
func sameButSpace(a, b link.PoolReport) bool {
	a.FreeKiB, a.TotalKiB, a.DataPercent, a.MetaPercent = b.FreeKiB, b.TotalKiB, b.DataPercent, b.MetaPercent
	return reflect.DeepEqual(a, b)
}

// wakeForPools wakes the readers that have not taken the news of pools meanwhile.
func (o *outbox) wakeForPools() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waiting = false
	for rd := range o.readers {
		if len(rd.pools) > 0 {
			rd.signal()
		}
	}
}

func (o *outbox) forgetResource(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.resources, name)
}

func (o *outbox) forgetResources() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.resources)
}

func (o *outbox) forgetPool(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.pools, name)
}

// count counts the resources of a progress.
func (o *outbox) count(progress string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, r := range o.resources {
		if r.Progress == progress {
			n++
		}
	}
	return n
}

// open starts a reader that first gets everything.
func (o *outbox) open() *Reader {
	o.mu.Lock()
	defer o.mu.Unlock()
	r := &Reader{box: o, pools: map[string]bool{}, resources: map[string]bool{}, news: make(chan struct{}, 1)}
	for n := range o.pools {
		r.pools[n] = true
	}
	for n := range o.resources {
		r.resources[n] = true
	}
	o.readers[r] = struct{}{}
	r.signal()
	return r
}

func (r *Reader) signal() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// News is signalled when there is something to take.
func (r *Reader) News() <-chan struct{} { return r.news }

// Take answers what has changed since the last Take.
func (r *Reader) Take() link.Report {
	r.box.mu.Lock()
	defer r.box.mu.Unlock()
	rep := link.Report{Errors: r.box.errors}
	r.box.errors = nil
	for n := range r.pools {
		if p, ok := r.box.pools[n]; ok {
			rep.Pools = append(rep.Pools, p)
		}
		delete(r.pools, n)
	}
	for n := range r.resources {
		if x, ok := r.box.resources[n]; ok {
			rep.Resources = append(rep.Resources, x)
		}
		delete(r.resources, n)
	}
	return rep
}

// Close ends the reader.
func (r *Reader) Close() {
	r.box.mu.Lock()
	defer r.box.mu.Unlock()
	delete(r.box.readers, r)
}
