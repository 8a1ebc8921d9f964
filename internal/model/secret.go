package model

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/crypt"
)

// Crypt is the wrapped master key; nil until a master passphrase is set.
func (w *World) Crypt() *crypt.Record {
	if c := w.Controller(); c != nil {
		return c.Crypt
	}
	return nil
}

// MasterKey is the unlocked master key; false while it is locked or not set.
func (w *World) MasterKey() (crypt.Key, bool) {
	if w.master == nil {
		return crypt.Key{}, false
	}
	return *w.master, true
}

// SetCrypt stores the wrapped master key.
func (tx *Tx) SetCrypt(r crypt.Record) {
	tx.SetController(&Controller{Props: tx.Props(), Crypt: &r})
}

// Unlock takes the unlocked master key over; it is not stored. Every node has to be
// told what it can open now, and what nodes have reported on encrypted volumes may be about
// just that.
func (tx *Tx) Unlock(k crypt.Key) {
	tx.master = &k
	for r := range tx.Resources.All {
		if HasLayer(r.Stack, v1.LayerTypeLuks) {
			tx.touchDefinition(r.Definition)
		}
	}
	tx.touched.All = true
	tx.touched.Status = true
}
