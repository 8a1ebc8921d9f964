package lvm

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// PlanDelete deactivates the volume, which fails while something uses it, and
// removes it. Either step can be lost in a crash and is planned again; none
// wipes, since lvcreate clears signatures when the space is used next.
//
// --yes and not --force: it is needed where lvm.conf has issue_discards, and the
// selection keeps it from answering for volumes that have become an origin.
func (*Provider) PlanDelete(pool provider.Pool, want provider.Volume, have *provider.Observed) ([]provider.Step, error) {
	b, err := parseBacking(pool)
	if err != nil {
		return nil, err
	}
	if have == nil {
		return nil, nil
	}
	if err := checkWant(pool, b, provider.Volume{Name: want.Name, UUID: want.UUID, SizeKiB: 1}); err != nil {
		return nil, err
	}
	if err := owned(b, want, have); err != nil {
		return nil, err
	}
	name := b.lv(want.Name)
	if have.Notes[noteOrigin] != "" {
		return nil, fault.New(v1.FailInUse, "logical volume %s cannot be removed", name).
			Because("it has snapshots that were not made by Holdfast and would go with it").
			Fix("Remove them first; lvs -S 'origin=%s' %s lists them.", want.Name, b.vg)
	}
	if have.Open {
		return nil, fault.New(v1.FailInUse, "logical volume %s cannot be removed", name).
			Because("something on the node has it open").
			Fix("Find the user with lsblk /dev/%s and end it.", name)
	}
	if err := notSuspended(b, have); err != nil {
		return nil, err
	}
	var steps []provider.Step
	if have.Path != "" {
		steps = append(steps, step(provider.EffectDetach, fmt.Sprintf("deactivate volume %s", name),
			command("lvchange", "-qq", "--activate", "n", "--select", mark(want.UUID), name)))
	}
	remove := step(provider.EffectDestroy, fmt.Sprintf("remove volume %s", name),
		command("lvremove", "--yes", "--select", mark(want.UUID)+` && lv_role!={"thickorigin"}`, name))
	remove.Destructive = true
	return append(steps, remove), nil
}
