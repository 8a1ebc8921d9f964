package mem

import "github.com/holdfast-storage/holdfast/internal/store"

// Fault is how one Apply goes wrong.
type Fault struct {
	Err error
	// Written says that the write happened although the caller gets the error, as
	// with a lost answer.
	Written bool
}

// Inject makes the next writes that would succeed fail, one fault a write.
func (d *Disk) Inject(faults ...Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, faults...)
}

// Spoil makes a record unreadable, until it is written again.
func (d *Disk) Spoil(kind, key, why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := id{kind, key}
	delete(d.records, at)
	d.bad[at] = store.Bad{Kind: kind, Key: key, Why: why}
}

func (d *Disk) nextFault() Fault {
	if len(d.faults) == 0 {
		return Fault{}
	}
	f := d.faults[0]
	d.faults = d.faults[1:]
	return f
}
