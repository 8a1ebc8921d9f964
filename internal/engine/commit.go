package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
)

// maxBatch bounds how many changes share one durable commit.
const maxBatch = 64

// gather takes the changes that are already waiting, so that they share one
// commit: each is worked out on the result of the one before.
func (e *Engine) gather(first *request) []*request {
	batch := []*request{first}
	for len(batch) < maxBatch {
		select {
		case r := <-e.requests:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

type worked struct {
	req *request
	tx  *model.Tx
	out Outcome
}

// serve works out a batch, stores it and answers every request.
func (e *Engine) serve(batch []*request) {
	if e.deposed.Load() {
		answerAll(batch, deposedFault())
		return
	}
	done, changes := e.workOut(batch)
	var err error
	if len(changes) > 0 {
		err = e.apply(done, changes)
	}
	switch {
	case err == nil:
		for _, d := range done {
			e.publish(d.out.World, d.out.Touched)
			d.req.done <- result{out: d.out}
		}
	case len(done) == 1:
		done[0].req.done <- result{err: err}
	case unknownOutcome(err):
		// What may have been stored must not be made a second time.
		for _, d := range done {
			if d.tx.Durable() {
				d.req.done <- result{err: err}
			} else {
				e.serve([]*request{d.req})
			}
		}
	default:
		// One of them may be at fault: each gets a commit of its own.
		for _, d := range done {
			e.serve([]*request{d.req})
		}
	}
}

func (e *Engine) workOut(batch []*request) ([]worked, []store.Change) {
	base := e.World()
	w := base
	var done []worked
	var all merged
	for _, r := range batch {
		if r.ctx.Err() != nil {
			r.done <- result{err: r.ctx.Err()}
			continue
		}
		tx := e.beginOn(w, r.actor)
		if err := e.attempt(tx, r); err != nil {
			r.done <- result{err: err}
			continue
		}
		changes, err := tx.Changes()
		if err != nil {
			r.done <- result{err: err}
			continue
		}
		all.add(changes)
		rev := w.Rev
		if len(changes) > 0 {
			rev = base.Rev + 1
		}
		out := Outcome{Base: tx.Base(), Touched: tx.Touched(), Notes: tx.Notes()}
		w = tx.Commit(rev)
		out.World = w
		done = append(done, worked{req: r, tx: tx, out: out})
	}
	return done, all.list
}

// merged is what a batch changes, in the order in which it was first changed; the last
// one to change a record decides.
type merged struct {
	list []store.Change
	// at is the place of each record in the list; nil while one change alone is in it.
	at map[[2]string]int
}

func (m *merged) add(changes []model.Change) {
	if len(changes) == 0 {
		return
	}
	if m.list != nil && m.at == nil {
		m.at = make(map[[2]string]int, 2*len(m.list))
		for i, c := range m.list {
			m.at[[2]string{c.Kind, c.Key}] = i
		}
	}
	m.list = slices.Grow(m.list, len(changes)+1) // the journal comes last
	for _, c := range changes {
		k := [2]string{c.Kind, c.Key}
		if i, seen := m.at[k]; seen {
			m.list[i].Data = c.Data
			continue
		}
		if m.at != nil {
			m.at[k] = len(m.list)
		}
		m.list = append(m.list, store.Change(c))
	}
}

// attempt runs the request's function and the rules; a panic in them harms only
// this request.
func (e *Engine) attempt(tx *model.Tx, r *request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicFault(p)
		}
	}()
	if err := r.fn(tx); err != nil {
		return err
	}
	return e.settle(tx)
}

func (e *Engine) apply(done []worked, changes []store.Change) error {
	ctx := context.Background()
	base := e.World().Rev
	note := e.entry(base+1, done, changes)
	data, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("encode the journal: %w", err)
	}
	changes = append(changes, store.Change{Kind: kindJournal, Key: slot(base + 1), Data: data})
	if _, err = e.cfg.Store.Apply(ctx, *e.lease.Load(), base, changes); err == nil {
		e.journal.put(slot(base+1), note)
		return nil
	}
	e.cfg.Log.Error("store a change", "rev", base+1, "err", err)
	switch {
	case errors.Is(err, store.ErrDeposed):
		e.deposed.Store(true)
		return deposedFault().Wrap(err)
	case errors.Is(err, store.ErrFull):
		return fault.New(v1.FailSQL, "The change was not made: there is no space left for the controller's database.").
			Because("%v", err).
			Fix("Free space on the file system of the database and repeat the command. Nothing was changed.").Wrap(err)
	case unknownOutcome(err):
		e.reload(ctx)
		return fault.New(v1.FailSQL, "It is not known whether the change was stored.").
			Because("%v", err).Fix("Look at the object and repeat the command if it has not changed.").Wrap(err)
	default:
		return fault.New(v1.FailSQL, "The change was not made: the database refused it.").
			Because("%v", err).Fix("See the controller's log; check the database with 'holdfast-controller db check'.").Wrap(err)
	}
}

func unknownOutcome(err error) bool {
	return errors.Is(err, store.ErrUnknownOutcome) || errors.Is(err, store.ErrStale)
}

func answerAll(batch []*request, err error) {
	for _, r := range batch {
		r.done <- result{err: err}
	}
}

func deposedFault() *fault.Fault {
	return fault.New(v1.FailUnknownError, "This controller may not change anything any more.").
		Because("another controller has taken over its database").
		Fix("Send the command to the other controller, or stop it and restart this one.").WithStatus(503)
}
