// Package encryption is the API of the cluster's master passphrase.
//
// Invariant: no answer, and no error, holds a passphrase.
package encryption

import (
	"errors"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/crypt"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// Routes lists the calls of the object.
func Routes() []object.Route {
	const path, mask = "/encryption/passphrase", v1.MaskControllerConfig
	return []object.Route{
		{Method: "GET", Path: path, Read: status},
		{Method: "POST", Path: path, Mask: mask | v1.MaskCreate, Body: object.New[v1.PassPhraseCreate], Write: create},
		{Method: "PUT", Path: path, Mask: mask | v1.MaskModify, Body: object.New[v1.PassPhraseCreate], Write: modify},
		{Method: "PATCH", Path: path, Mask: mask | v1.MaskModify, Body: object.New[string], Write: enter},
	}
}

func status(w *model.World, _ *object.Request) (any, error) {
	_, unlocked := w.MasterKey()
	switch {
	case w.Crypt() == nil:
		return v1.PassphraseStatus{Status: "unset"}, nil
	case unlocked:
		return v1.PassphraseStatus{Status: "unlocked"}, nil
	}
	return v1.PassphraseStatus{Status: "locked"}, nil
}

func create(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.PassPhraseCreate)
	if tx.Crypt() != nil {
		return nil, fault.New(v1.FailExistsCryptPassphrase, "The master passphrase is set already.").
			Because("a cluster has one, and volumes may be encrypted with it").
			Fix("Change it with 'encryption modify-passphrase', or enter it with 'encryption enter-passphrase'.")
	}
	if err := volumekey.CheckPassphrase("new_passphrase", in.NewPassphrase); err != nil {
		return nil, err
	}
	if err := first(tx, in.NewPassphrase); err != nil {
		return nil, err
	}
	return []v1.ApiCallRc{{RetCode: v1.Created, Message: "The master passphrase was set.",
		Details: "Keep it safe: without it encrypted volumes cannot be opened after the controller was started anew."}}, nil
}

func first(tx *model.Tx, passphrase string) error {
	k, rec, err := crypt.New(passphrase, tx.Random)
	if err != nil {
		return fault.New(v1.FailCryptInit, "The master key cannot be made.").Because("%v", err).Fix("Look at the controller's log.").Wrap(err)
	}
	tx.SetCrypt(rec)
	tx.Unlock(k)
	return nil
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.PassPhraseCreate)
	if tx.Crypt() == nil {
		return nil, fault.New(v1.FailExistsCryptPassphrase, "No master passphrase is set that could be changed.").
			Because("none was created").Fix("Set one with 'encryption create-passphrase'.")
	}
	if err := volumekey.CheckPassphrase("new_passphrase", in.NewPassphrase); err != nil {
		return nil, err
	}
	k, err := unlock(tx.World, "the old passphrase", in.OldPassphrase)
	if err != nil {
		return nil, err
	}
	rec, err := k.Wrap(in.NewPassphrase, tx.Random)
	if err != nil {
		return nil, fault.New(v1.FailCryptInit, "The master key cannot be encrypted anew.").Because("%v", err).Fix("Look at the controller's log.").Wrap(err)
	}
	tx.SetCrypt(rec)
	tx.Unlock(k)
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: "The master passphrase was changed."}}, nil
}

func enter(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	if tx.Crypt() == nil {
		return nil, fault.New(v1.FailMissingProps, "No master passphrase is set that could be entered.").
			Because("none was created").Fix("Set one with 'encryption create-passphrase'.")
	}
	k, err := unlock(tx.World, "what was entered", *r.Body.(*string))
	if err != nil {
		return nil, err
	}
	tx.Unlock(k)
	return []v1.ApiCallRc{{RetCode: v1.PassphraseAccepted, Message: "The master passphrase was accepted.",
		Details: "Encrypted volumes are being opened."}}, nil
}

func unlock(w *model.World, what, passphrase string) (crypt.Key, error) {
	k, err := crypt.Unlock(*w.Crypt(), passphrase)
	switch {
	case err == nil:
		return k, nil
	case errors.Is(err, crypt.ErrWrong):
		return k, fault.New(v1.FailMissingProps, "The master passphrase is wrong.").
			Because("%s does not fit the stored master key", what).
			Fix("Try again; upper and lower case count.").Wrap(err)
	}
	return k, fault.New(v1.FailCryptInit, "The stored master key cannot be read.").
		Because("%v", err).Fix("Restore the controller's database from a backup.").Wrap(err)
}

// Start enters the passphrase of the controller's configuration, or sets it where
// there is none yet. A wrong one is a fault, and leaves everything locked.
func Start(tx *model.Tx, passphrase string) error {
	if tx.Crypt() == nil {
		if err := volumekey.CheckPassphrase("encrypt.passphrase", passphrase); err != nil {
			return err
		}
		return first(tx, passphrase)
	}
	k, err := unlock(tx.World, "encrypt.passphrase in the configuration", passphrase)
	if err != nil {
		return err
	}
	tx.Unlock(k)
	return nil
}
