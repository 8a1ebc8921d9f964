// Package define makes resource definitions and volume definitions; the
// definition's own API and spawning from a group go through it.
package define

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/drbdalloc"
	"github.com/holdfast-storage/holdfast/internal/object/layerneeds"
	"github.com/holdfast-storage/holdfast/internal/object/mixing"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/volumekey"
)

// New is what a definition is made from.
type New struct {
	Name, External string
	// Group is the resource group; empty means the default one.
	Group string
	Props map[string]string
	Stack []v1.LayerType
	// PeerSlots is 0 where the group or the default rules.
	PeerSlots int
	Port      int
	Secret    string
	Transport string
}

// Definition makes a resource definition.
func Definition(tx *model.Tx, in New) (*model.Definition, []v1.ApiCallRc, error) {
	n, err := chooseName(tx, in)
	if err != nil {
		return nil, nil, err
	}
	group, err := chooseGroup(tx, in.Group)
	if err != nil {
		return nil, nil, err
	}
	stack, warnings, err := Stack(in.Stack)
	if err != nil {
		return nil, nil, err
	}
	props, _, err := change.Props(prop.ResourceDefinition, nil, in.Props, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	d := &model.Definition{Name: n, ExternalName: in.External, UUID: tx.NewUUID(), Group: group, Props: props, Stack: stack,
		DRBD: model.DRBDDefinition{PeerSlots: in.PeerSlots, Port: in.Port, Secret: in.Secret, Transport: in.Transport}}
	if in.PeerSlots != 0 {
		if f := name.CheckPeerSlots(in.PeerSlots); f != nil {
			return nil, nil, f
		}
	}
	tx.PutDefinition(d)
	return d, warnings, nil
}

// Stack checks a layer list; nil stays nil, which means that the group or the
// default decides when the first replica is placed.
func Stack(in []v1.LayerType) ([]v1.LayerType, []v1.ApiCallRc, error) {
	if len(in) == 0 {
		return nil, nil, nil
	}
	stack, warnings, f := name.CheckStack(in)
	if f != nil {
		return nil, nil, f
	}
	return stack, warnings, nil
}

func chooseName(tx *model.Tx, in New) (string, error) {
	if in.External != "" {
		for d := range tx.Definitions.All {
			if d.ExternalName == in.External {
				return "", fault.New(v1.FailExistsExternalName, "A resource definition with the external name '%s' already exists.", in.External).
					Because("it belongs to resource definition '%s'", d.Name).Fix("Use another external name.").Ref("RscDfn", d.Name)
			}
		}
	}
	n := in.Name
	if n == "" && in.External != "" {
		n = name.FromExternal(in.External, func(s string) bool { _, ok := tx.Definitions.Get(s); return ok })
	}
	if f := name.CheckResource(n); f != nil {
		return "", f
	}
	old, ok := tx.Definitions.Get(n)
	if !ok {
		return n, nil
	}
	f := object.Exists(v1.FailExistsResourceDefinition, show.DefinitionName(old.Name)).Ref("RscDfn", old.Name)
	if old.Deleting != nil {
		f.Because("it is still being deleted").Fix("Wait until it is gone; 'resource list -r %s -a' shows what is missing.", old.Name)
	}
	return "", f
}

func chooseGroup(tx *model.Tx, g string) (string, error) {
	if g == "" {
		g = model.DefaultGroup
		if _, ok := tx.Groups.Get(g); !ok {
			tx.PutGroup(&model.Group{Name: g, UUID: tx.NewUUID()})
		}
	}
	got, ok := tx.Groups.Get(g)
	if !ok {
		return "", object.NotFound(v1.FailNotFoundResourceGroup, show.GroupName(g), "RscGrp", g)
	}
	return got.Name, nil
}

// NewVolume is what a volume definition is made from.
type NewVolume struct {
	// Number is nil for the lowest free one.
	Number    *int
	SizeKiB   int64
	Gross     bool
	Encrypted bool
	Props     map[string]string
	// Minor is nil for an automatic one.
	Minor      *int
	Passphrase string
}

// Volume makes a volume definition, and the volumes of the replicas that are
// already placed.
func Volume(tx *model.Tx, definition string, in NewVolume) (*model.VolumeDefinition, error) {
	d, ok := tx.Definitions.Get(definition)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundResourceDefinition, show.DefinitionName(definition), "RscDfn", definition)
	}
	if d.Deleting != nil {
		return nil, fault.New(v1.FailInUse, "Resource definition '%s' is being deleted.", d.Name).
			Because("its deletion has begun and is not taken back").Fix("Use another one.")
	}
	nr, err := chooseNumber(d, in.Number)
	if err != nil {
		return nil, err
	}
	if err := CheckSize(in.SizeKiB); err != nil {
		return nil, err
	}
	given, plain := volumekey.Taken(in.Props)
	in.Passphrase = cmp.Or(in.Passphrase, given)
	props, _, err := change.Props(prop.VolumeDefinition, nil, plain, nil, nil)
	if err != nil {
		return nil, err
	}
	if props[KeyCurrentGI] == "" {
		props[KeyCurrentGI] = CurrentGI(tx)
	}
	if err := encrypt(tx, in, props); err != nil {
		return nil, err
	}
	v := model.VolumeDefinition{Number: nr, UUID: tx.NewUUID(), SizeKiB: in.SizeKiB, Gross: in.Gross, Encrypted: in.Encrypted, Props: props, Minor: -1}
	if err := drbdalloc.NewVolume(tx.World, d, &v, in.Minor); err != nil {
		return nil, err
	}
	next := *d
	next.Volumes = append(slices.Clone(d.Volumes), v)
	slices.SortFunc(next.Volumes, func(a, b model.VolumeDefinition) int { return cmp.Compare(a.Number, b.Number) })
	tx.PutDefinition(&next)
	return &v, extendReplicas(tx, &next, v)
}

// KeyCurrentGI is the property with the generation id that a volume's first
// replicas share. Clients' tests count it as the one property of a fresh volume.
const KeyCurrentGI = "DrbdCurrentGi"

// CurrentGI makes a generation id: even, and none of those with a meaning of their own.
func CurrentGI(tx *model.Tx) string {
	for {
		sum := sha256.Sum256([]byte(tx.NewUUID()))
		if id := binary.BigEndian.Uint64(sum[:]) &^ 1; id != 0 && id != 4 {
			return fmt.Sprintf("%016X", id)
		}
	}
}

// encrypt checks what is wanted of the encryption of a new volume, and keeps the
// user's passphrase among its properties.
func encrypt(tx *model.Tx, in NewVolume, props map[string]string) (err error) {
	switch {
	case in.Passphrase != "":
		props[volumekey.PropPassphrase], err = volumekey.Seal(tx, "passphrase", in.Passphrase)
	case in.Encrypted:
		_, err = volumekey.Master(tx.World)
	}
	return err
}

// extendReplicas gives each replica its part of a new volume, in the pool of its
// other volumes.
func extendReplicas(tx *model.Tx, d *model.Definition, v model.VolumeDefinition) error {
	for _, r := range slices.Collect(tx.Resources.Under(d.Name)) {
		if r.Deleting != nil {
			continue
		}
		var pool string
		switch {
		case v.Props["StorPoolName"] != "":
			pool = v.Props["StorPoolName"]
		case r.Props["StorPoolName"] != "":
			pool = r.Props["StorPoolName"]
		case len(r.Volumes) > 0:
			pool = r.Volumes[0].Pool
		default:
			pool = model.DefaultPool
		}
		adding := r.Toggle == model.ToggleAddRequested || r.Toggle == model.ToggleAdding
		if r.Diskless != model.Diskful && !adding {
			pool = model.DefaultDisklessPool
		}
		if _, ok := tx.Pools.Get(r.Node, pool); !ok {
			return object.NotFound(v1.FailNotFoundStoragePool, show.PoolName(r.Node, pool), "Node", r.Node, "StorPoolDfn", pool).
				Because("the new volume's replica on node '%s' needs it", r.Node)
		}
		own := model.Volume{Number: v.Number, UUID: tx.NewUUID(), Pool: pool}
		with := *r
		if adding {
			// What it needs is asked for a replica that has its disk.
			with.Toggle = model.ToggleAdding
		}
		var err error
		if d, err = drbdalloc.Extend(tx, d, &with, &own); err != nil {
			return err
		}
		if err := layerneeds.Extend(tx.World, d, v, &with, &own); err != nil {
			return err
		}
		next := *r
		next.Volumes = append(slices.Clone(r.Volumes), own)
		if err := mixing.Check(tx.World, d, &next, v.Number); err != nil {
			return err
		}
		if err := volumekey.Give(tx, d, &next); err != nil {
			return err
		}
		tx.PutResource(&next)
	}
	return nil
}

func chooseNumber(d *model.Definition, wanted *int) (int, error) {
	if wanted == nil {
		n := 0
		for {
			if _, used := d.Volume(n); !used {
				return n, nil
			}
			n++
		}
	}
	if f := name.CheckVolumeNumber(*wanted); f != nil {
		return 0, f
	}
	if _, used := d.Volume(*wanted); used {
		return 0, object.Exists(v1.FailExistsVolumeDefinition, show.VolumeDefinitionName(d.Name, *wanted)).Ref("RscDfn", d.Name)
	}
	return *wanted, nil
}

// maxSizeKiB is 1 PiB, the largest volume that DRBD can replicate.
const maxSizeKiB = 1 << 40

// CheckSize checks a volume's size.
func CheckSize(kib int64) error {
	switch {
	case kib <= 0:
		return fault.New(v1.FailInvalidVolumeSize, "%d KiB is no size for a volume.", kib).
			Because("field 'size_kib' must be greater than 0").Fix("Give the size in KiB; the command line takes units such as 10G.")
	case kib > maxSizeKiB:
		return fault.New(v1.FailInvalidVolumeSize, "%d KiB is too large for a volume.", kib).
			Because("field 'size_kib' must not exceed %d (1 PiB)", int64(maxSizeKiB)).Fix("Use several volumes.")
	}
	return nil
}

// HasFlag tells whether a list of flags has one, in any case.
func HasFlag(flags []string, flag string) bool {
	return slices.ContainsFunc(flags, func(f string) bool { return strings.EqualFold(f, flag) })
}
