package sim

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"syscall"
)

// userHolder is who holds a device that a test opened or mounted.
const userHolder = "user"

// Device is a block device of the machine. Tool families make them with
// addDevice; a test makes disks with AddDisk.
type Device struct {
	// Path is the name in /dev by which commands know it.
	Path string
	// KName is the kernel's name where it is not the base of Path: dm-0.
	KName     string
	SizeBytes int64
	// Type as lsblk shows it: disk, loop, lvm, crypt …
	Type        string
	Serial      string
	Model       string
	SectorBytes int
	Rotational  bool
	ReadOnly    bool
	// Parents are the devices beneath.
	Parents []string
	// Content is what is written on it; nil becomes empty.
	Content *Content
	// Aliases are further paths, such as /dev/disk/by-id links.
	Aliases []string

	holders map[string]bool
	loop    *loop
	gate    gate
}

// gate is asked when a user opens a device, where not everybody may at any time.
type gate interface {
	// enter opens the device, for writing or for good; leave closes it again.
	enter() error
	leave()
}

// use opens a device for one write of a user.
func (d *Device) use(write func()) error {
	if d.gate != nil {
		if err := d.gate.enter(); err != nil {
			return fmt.Errorf("open %s: %w", d.Path, err)
		}
		defer d.gate.leave()
	}
	write()
	return nil
}

// take opens a device until it is released.
func (d *Device) take() error {
	if d.gate != nil && !d.holders[userHolder] {
		if err := d.gate.enter(); err != nil {
			return fmt.Errorf("open %s: %w", d.Path, err)
		}
	}
	d.holders[userHolder] = true
	return nil
}

func (d *Device) kname() string {
	if d.KName != "" {
		return d.KName
	}
	return path.Base(d.Path)
}

func (d *Device) size() int64 { return d.SizeBytes }

func (d *Device) content() *Content { return d.Content }

// addDevice makes a device known, as udev would.
func (m *Machine) addDevice(d *Device) *Device {
	if d.Content == nil {
		d.Content = newContent()
	}
	if d.SectorBytes == 0 {
		d.SectorBytes = 512
	}
	d.holders = map[string]bool{}
	m.devices[d.Path] = d
	for _, a := range d.Aliases {
		m.aliases[a] = d.Path
	}
	for _, p := range d.Parents {
		if parent := m.lookDevice(p); parent != nil {
			parent.holders[d.kname()] = true
		}
	}
	return d
}

// removeDevice takes a device away again.
func (m *Machine) removeDevice(p string) {
	d := m.devices[p]
	if d == nil {
		return
	}
	for _, up := range d.Parents {
		if parent := m.lookDevice(up); parent != nil {
			delete(parent.holders, d.kname())
		}
	}
	for _, a := range d.Aliases {
		delete(m.aliases, a)
	}
	delete(m.devices, p)
}

// lookDevice finds a device by its path or an alias; nil for none.
func (m *Machine) lookDevice(p string) *Device {
	if d := m.devices[p]; d != nil {
		return d
	}
	return m.devices[m.aliases[p]]
}

// open tells whether anything holds the device.
func (d *Device) open() bool { return len(d.holders) > 0 }

// deviceList lists all devices by path.
func (m *Machine) deviceList() []*Device {
	out := make([]*Device, 0, len(m.devices))
	for _, p := range slices.Sorted(maps.Keys(m.devices)) {
		out = append(out, m.devices[p])
	}
	return out
}

// AddDisk adds an empty disk.
func (m *Machine) AddDisk(p, serial string, sizeBytes int64) {
	m.do(func() {
		m.addDevice(&Device{Path: p, Serial: serial, SizeBytes: sizeBytes, Type: "disk",
			Aliases: []string{"/dev/disk/by-id/virtio-" + serial}})
	})
}

// DeviceSize is the size of a device in bytes, −1 where there is none.
func (m *Machine) DeviceSize(p string) (size int64) {
	m.do(func() {
		size = -1
		if d := m.lookDevice(p); d != nil {
			size = d.size()
		}
	})
	return size
}

// Mark reads a mark from a device; empty for none.
func (m *Machine) Mark(device, mark string) (value string) {
	m.do(func() {
		if d := m.lookDevice(device); d != nil {
			value = d.content().Get(mark)
		}
	})
	return value
}

// SetMark writes a mark onto a device, as a user of the device would.
func (m *Machine) SetMark(device, mark, value string) error {
	return m.withDevice(device, func(d *Device) error {
		return d.use(func() { d.content().Set(mark, value) })
	})
}

// Hold opens a device as a user would, until Release.
func (m *Machine) Hold(device string) error {
	return m.withDevice(device, (*Device).take)
}

// Release ends Hold and Mount.
func (m *Machine) Release(device string) error {
	return m.withDevice(device, func(d *Device) error {
		held := d.holders[userHolder]
		delete(d.holders, userHolder)
		delete(m.mounts, d.Path)
		if held && d.gate != nil {
			d.gate.leave()
		}
		if d.loop != nil && d.loop.autoclear && !d.open() {
			m.dropLoop(d.loop)
		}
		return nil
	})
}

// Mount mounts a device, which also holds it.
func (m *Machine) Mount(device, dir string) error {
	return m.withDevice(device, func(d *Device) error {
		if err := d.take(); err != nil {
			return err
		}
		m.mounts[d.Path] = dir
		return nil
	})
}

// HoldAs lets a device of the kernel, such as drbd1000, hold another.
func (m *Machine) HoldAs(device, holder string) error {
	return m.withDevice(device, func(d *Device) error {
		d.holders[holder] = true
		return nil
	})
}

func (m *Machine) withDevice(device string, f func(d *Device) error) (err error) {
	m.do(func() {
		d := m.lookDevice(device)
		if d == nil {
			err = fmt.Errorf("open %s: %w", device, syscall.ENXIO)
			return
		}
		err = f(d)
	})
	return err
}
