// Package volumekey gives encrypted volumes their passphrases, wrapped by the
// cluster's master key.
//
// Invariant: a passphrase is stored encrypted or not at all, and is in no answer.
package volumekey

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/crypt"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// PropPassphrase is the property of a volume definition with the passphrase that the
// user has chosen, encrypted.
const PropPassphrase = "Encryption/Passphrase"

const (
	// randomBytes is how long a generated passphrase is before it is written in base64.
	randomBytes = 20
	// maxPassphrase is what cryptsetup reads of a line.
	maxPassphrase = 512
)

// Master is the unlocked master key. FAIL_NOT_FOUND_CRYPT_KEY says that there is none.
func Master(w *model.World) (crypt.Key, error) {
	if k, ok := w.MasterKey(); ok {
		return k, nil
	}
	f := fault.New(v1.FailNotFoundCryptKey, "Encrypted volumes need the cluster's master passphrase.")
	if w.Crypt() == nil {
		return crypt.Key{}, f.Because("none has been set").Fix("Set one with 'encryption create-passphrase'.")
	}
	return crypt.Key{}, f.Because("it has not been entered since the controller was started").Fix("Enter it with 'encryption enter-passphrase'.")
}

// CheckPassphrase tells whether a text can be a passphrase; field is its name in the
// request.
func CheckPassphrase(field, passphrase string) error {
	bad := fault.New(v1.FailInvalidCryptPassphrase, "The passphrase cannot be used.")
	switch {
	case passphrase == "":
		return bad.Because("field '%s' is missing or empty", field).Fix("Give a passphrase of at least one character.")
	case len(passphrase) > maxPassphrase:
		return bad.Because("field '%s' has %d bytes", field, len(passphrase)).Fix("Use at most %d bytes.", maxPassphrase)
	case strings.ContainsAny(passphrase, "\n\r\x00"):
		return bad.Because("field '%s' holds a line break or a zero byte", field).Fix("Use one line of text.")
	}
	return nil
}

// Seal checks a passphrase that the user has chosen and encrypts it.
func Seal(tx *model.Tx, field, passphrase string) (string, error) {
	if err := CheckPassphrase(field, passphrase); err != nil {
		return "", err
	}
	k, err := Master(tx.World)
	if err != nil {
		return "", err
	}
	return k.Encrypt(passphrase, tx.Random)
}

// Taken is the passphrase that comes as a property, with the other properties.
func Taken(props map[string]string) (passphrase string, rest map[string]string) {
	rest = maps.Clone(props)
	delete(rest, PropPassphrase)
	return props[PropPassphrase], rest
}

// CheckProps keeps passphrases from being stored as they are.
func CheckProps(override map[string]string) error {
	if _, given := override[PropPassphrase]; !given {
		return nil
	}
	return fault.New(v1.FailInvalidProp, "Property '%s' cannot be set on an existing object.", PropPassphrase).
		Because("all nodes have to change the passphrase of their volumes, and it is stored encrypted only").
		Fix("Use 'volume-definition modify-passphrase'.")
}

// Has tells whether the volumes of a replica are encrypted on its node, or will be once
// it has the disk that it is about to get.
func Has(r *model.Resource) bool { return model.HasLayer(r.Stack, v1.LayerTypeLuks) && hasDisk(r) }

func hasDisk(r *model.Resource) bool {
	return r.Diskless == model.Diskful || r.Toggle == model.ToggleAddRequested || r.Toggle == model.ToggleAdding
}

// Give puts keys into those volumes of a replica that need one and have none; the
// replica is the caller's own copy and is not stored. FAIL_NOT_FOUND_CRYPT_KEY says
// that there is no master key, FAIL_INVLD_LAYER_STACK that a volume which is to be
// encrypted would not be.
func Give(tx *model.Tx, d *model.Definition, r *model.Resource) error {
	if hasDisk(r) && !model.HasLayer(r.Stack, v1.LayerTypeLuks) {
		return checkPlain(d, r)
	}
	if !Has(r) {
		return nil
	}
	missing := func(v model.Volume) bool { return v.Key == "" }
	if len(r.Volumes) > 0 && !slices.ContainsFunc(r.Volumes, missing) {
		return nil
	}
	k, err := Master(tx.World)
	if err != nil {
		return err
	}
	r.Volumes = slices.Clone(r.Volumes)
	for i, v := range r.Volumes {
		if !missing(v) {
			continue
		}
		if r.Volumes[i].Key, err = makeKey(tx, k, d, v.Number); err != nil {
			return err
		}
	}
	return nil
}

// makeKey encrypts the user's passphrase for the volume, or a random one.
func makeKey(tx *model.Tx, k crypt.Key, d *model.Definition, number int) (string, error) {
	passphrase := ""
	if vd, ok := d.Volume(number); ok && vd.Props[PropPassphrase] != "" {
		var err error
		if passphrase, err = k.Decrypt(vd.Props[PropPassphrase]); err != nil {
			return "", fault.New(v1.FailCryptInit, "The passphrase of volume definition %d of '%s' cannot be decrypted.", number, d.Name).
				Because("%v", err).Fix("Set it anew with 'volume-definition modify-passphrase %s %d'.", d.Name, number).Wrap(err)
		}
	}
	if passphrase == "" {
		passphrase = base64.StdEncoding.EncodeToString(tx.Random(randomBytes))
	}
	return k.Encrypt(passphrase, tx.Random)
}

// checkPlain keeps a volume that the user wants encrypted from being made in clear.
func checkPlain(d *model.Definition, r *model.Resource) error {
	for _, v := range r.Volumes {
		vd, ok := d.Volume(v.Number)
		if !ok || !vd.Encrypted && vd.Props[PropPassphrase] == "" {
			continue
		}
		return fault.New(v1.FailInvalidLayerStack, "Volume %d of resource '%s' would not be encrypted.", v.Number, d.Name).
			Because("its volume definition has the flag ENCRYPTED or a passphrase, but the layer list has no LUKS").
			Fix("Use a layer list with luks, such as --layer-list drbd,luks,storage; or make the volume definition without encryption.").
			Ref("RscDfn", d.Name)
	}
	return nil
}
