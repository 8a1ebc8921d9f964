package physical

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Maker makes device pools with the providers that can.
type Maker struct {
	makers map[v1.ProviderKind]provider.PoolMaker
}

// NewMaker takes the providers of a node; those that make no pools are left out.
func NewMaker(providers ...provider.Provider) *Maker {
	m := &Maker{makers: map[v1.ProviderKind]provider.PoolMaker{}}
	for _, p := range providers {
		pm, ok := p.(provider.PoolMaker)
		if !ok {
			continue
		}
		for _, k := range p.Kinds() {
			m.makers[k.Kind] = pm
		}
	}
	return m
}

// Observed is what a node has that matters to one request.
type Observed struct {
	Disks []Disk
	// Links are the requested paths that lead to a device of another path.
	Links map[string]string
	// Pool is what is there under the pool's name.
	Pool provider.DevicePoolState
}

// PoolName is the name of the device pool on the node.
func PoolName(req v1.PhysicalStorageCreate) string {
	if req.PoolName != "" || len(req.DevicePaths) == 0 {
		return req.PoolName
	}
	return "linstor_" + path.Base(req.DevicePaths[0])
}

// Backing is StorDriver/StorPoolName of a storage pool on the device pool.
func (m *Maker) Backing(req v1.PhysicalStorageCreate) (string, error) {
	pm, err := m.check(req)
	if err != nil {
		return "", err
	}
	return pm.Backing(req.ProviderKind, PoolName(req)), nil
}

// Observe looks at the devices and at what bears the pool's name.
func (m *Maker) Observe(ctx context.Context, h run.Host, req v1.PhysicalStorageCreate) (Observed, error) {
	o := Observed{Links: map[string]string{}}
	pm, err := m.check(req)
	if err != nil {
		return o, err
	}
	if o.Disks, err = scan(ctx, h); err != nil {
		return o, err
	}
	for _, p := range req.DevicePaths {
		if o.find(p) != nil {
			continue
		}
		to, err := resolve(ctx, h, p)
		if err != nil {
			return o, err
		}
		if to != "" {
			o.Links[p] = to
		}
	}
	o.Pool, err = pm.ScanDevicePool(ctx, h, req.ProviderKind, PoolName(req))
	return o, err
}

// resolve follows a link such as /dev/disk/by-id/…; "" where it leads to no device.
func resolve(ctx context.Context, h run.Host, p string) (string, error) {
	r, err := h.Run(ctx, run.Command("lsblk", "--json", "--bytes", "--nodeps", "--output", "KNAME,PATH", p))
	if err != nil {
		return "", fmt.Errorf("find device %s: %w", p, err)
	}
	if r.ExitCode != 0 {
		return "", nil
	}
	var doc struct {
		Devices []node `json:"blockdevices"`
	}
	if err := json.Unmarshal(r.Stdout, &doc); err != nil {
		return "", fmt.Errorf("find device %s: read lsblk: %w", p, err)
	}
	if len(doc.Devices) != 1 {
		return "", nil
	}
	return doc.Devices[0].Path, nil
}

func (o Observed) find(p string) *Disk {
	if to, ok := o.Links[p]; ok {
		p = to
	}
	for i := range o.Disks {
		if o.Disks[i].Path == p {
			return &o.Disks[i]
		}
	}
	return nil
}

// PlanCreate gives the steps that make the device pool, or what a crash has left
// of them; none when it is there. Pure.
func (m *Maker) PlanCreate(req v1.PhysicalStorageCreate, o Observed) ([]provider.Step, error) {
	pm, err := m.check(req)
	if err != nil {
		return nil, err
	}
	want := provider.DevicePool{Kind: req.ProviderKind, Name: PoolName(req)}
	if want.Args, err = args(req); err != nil {
		return nil, err
	}
	started := o.Pool.Exists && o.Pool.Ours
	taken := map[string]string{}
	for _, p := range req.DevicePaths {
		d := o.find(p)
		switch {
		case d == nil:
			return nil, badDevice(p, "there is no such block device").
				Fix("Give one of the devices that the list of physical storage shows.")
		case taken[d.Path] != "":
			return nil, badDevice(p, fmt.Sprintf("it is the same device as %s", taken[d.Path])).Fix("Give each device once.")
		case !o.Pool.Exists && !d.Unused():
			return nil, notUnused(p, d)
		}
		taken[d.Path] = p
		want.Devices = append(want.Devices, provider.BlockDevice{Path: p, SizeBytes: d.SizeBytes,
			Names: append([]string{d.Path}, d.Names...)})
	}
	if started {
		if err := sameDevices(want, o.Pool); err != nil {
			return nil, err
		}
	}
	return pm.PlanDevicePool(want, o.Pool)
}

// sameDevices refuses to go on with a pool that is made of other devices.
func sameDevices(want provider.DevicePool, have provider.DevicePoolState) error {
	rest := slices.Clone(have.Devices)
	for _, d := range want.Devices {
		n := len(rest)
		rest = slices.DeleteFunc(rest, func(p string) bool { return p == d.Path || slices.Contains(d.Names, p) })
		if len(rest) == n {
			return otherDevices(want, have)
		}
	}
	if len(rest) > 0 {
		return otherDevices(want, have)
	}
	return nil
}

func otherDevices(want provider.DevicePool, have provider.DevicePoolState) error {
	return fault.New(v1.FailExistsStoragePool, "device pool %s exists", want.Name).
		Because("it is made of other devices: %s", strings.Join(have.Devices, ", ")).
		Fix("Use another pool name, or give just these devices.")
}

// notUnused says why a device is not taken; how to clear it only if that would help.
func notUnused(p string, d *Disk) error {
	f := badDevice(p, strings.Join(slices.Concat(d.Unfit, d.Holds), "; "))
	if len(d.Unfit) > 0 {
		return f.Fix("Give one of the devices that the list of physical storage shows.")
	}
	return f.Fix("Give another device. If nothing on this one is needed, unmount and take apart what lies on it, then clear it with wipefs -a %s.", p)
}

func badDevice(p, cause string) *fault.Fault {
	return fault.New(v1.FailInvalidRequest, "device %s in device_paths cannot be used", p).Because("%s", cause)
}
