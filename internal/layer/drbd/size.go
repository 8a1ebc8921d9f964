package drbd

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Limits and defaults of sizes.
const (
	MinNetKiB   int64 = 4
	MinGrossKiB int64 = 68
	MaxSizeKiB  int64 = 1 << 40
	MinPeers          = 1
	MaxPeers          = 31

	DefaultPeers           = 7
	defaultALStripes       = 1
	defaultALStripeSizeKiB = 32
	defaultBitmapBlockKiB  = 4

	superblockKiB int64 = 4
	alignKiB      int64 = 4
	// minALKiB and maxALKiB bound the whole activity log.
	minALKiB int64 = 32
	maxALKiB int64 = 1 << 20
	// minExternalKiB is what a device for external metadata has at least.
	minExternalKiB int64 = 1024
)

// MetaLayout says how metadata is laid out; zero fields mean the defaults.
type MetaLayout struct {
	// Peers is the number of slots for bitmaps.
	Peers           int
	ALStripes       int
	ALStripeSizeKiB int
	// BitmapBlockKiB is how much data one bit stands for.
	BitmapBlockKiB int
}

// withDefaults fills in what is not set.
func (m MetaLayout) withDefaults() MetaLayout {
	for _, f := range []struct {
		field    *int
		fallback int
	}{{&m.Peers, DefaultPeers}, {&m.ALStripes, defaultALStripes}, {&m.ALStripeSizeKiB, defaultALStripeSizeKiB}, {&m.BitmapBlockKiB, defaultBitmapBlockKiB}} {
		if *f.field == 0 {
			*f.field = f.fallback
		}
	}
	return m
}

// check refuses a layout that drbdmeta would not make.
func (m MetaLayout) check() error {
	m = m.withDefaults()
	al := int64(m.ALStripes) * int64(m.ALStripeSizeKiB)
	why := ""
	switch {
	case m.Peers < MinPeers || m.Peers > MaxPeers:
		why = fmt.Sprintf("%d peer slots are wanted, allowed are %d to %d", m.Peers, MinPeers, MaxPeers)
	case m.ALStripes < 1 || m.ALStripes > 1024 || m.ALStripeSizeKiB < 4 || m.ALStripeSizeKiB%4 != 0:
		why = fmt.Sprintf("an activity log of %d stripes of %d KiB cannot be made", m.ALStripes, m.ALStripeSizeKiB)
	case al < minALKiB || al > maxALKiB:
		why = fmt.Sprintf("the activity log would have %d KiB, allowed are %d to %d", al, minALKiB, maxALKiB)
	case m.BitmapBlockKiB < 4 || m.BitmapBlockKiB > 1024 || m.BitmapBlockKiB&(m.BitmapBlockKiB-1) != 0:
		why = fmt.Sprintf("one bit for %d KiB is wanted, allowed are powers of two from 4 to 1024", m.BitmapBlockKiB)
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidVolumeSize, "DRBD's metadata cannot be laid out as wanted.").Because("%s", why).
		Fix("Correct the peer slots, the activity log or the bitmap block size.")
}

// metaKiB is the size of the metadata for data of so many KiB.
func (m MetaLayout) metaKiB(dataKiB int64) int64 {
	bits := ceilDiv(dataKiB, int64(m.BitmapBlockKiB))
	bytesPerPeer := alignUp(ceilDiv(bits, 8), 8)
	bitmap := alignUp(ceilDiv(bytesPerPeer*int64(m.Peers), 1024), alignKiB)
	al := alignUp(int64(m.ALStripes)*int64(m.ALStripeSizeKiB), alignKiB)
	return alignUp(bitmap+al+superblockKiB, alignKiB)
}

// NetKiB is the usable size of a lower device with internal metadata. The device
// is measured as a whole, so it has a little more bitmap than it needs.
func NetKiB(grossKiB int64, m MetaLayout) (int64, error) {
	if err := m.check(); err != nil {
		return 0, err
	}
	m = m.withDefaults()
	gross := grossKiB &^ (alignKiB - 1)
	net := gross - m.metaKiB(gross)
	if grossKiB < MinGrossKiB || net < MinNetKiB {
		return 0, sizeFault("A device of %d KiB is too small for DRBD with internal metadata.", grossKiB)
	}
	if net > MaxSizeKiB {
		return 0, sizeFault("A device of %d KiB is too large for DRBD.", grossKiB)
	}
	return net, nil
}

// GrossKiB is the smallest size of a lower device that gives at least netKiB with
// internal metadata.
func GrossKiB(netKiB int64, m MetaLayout) (int64, error) {
	if err := m.checkNet(netKiB); err != nil {
		return 0, err
	}
	m = m.withDefaults()
	data := alignUp(netKiB, int64(m.BitmapBlockKiB))
	// The metadata is measured by the whole device, which has the metadata on it:
	// a few rounds reach the size at which both agree.
	gross := data
	for {
		next := max(data+m.metaKiB(gross), MinGrossKiB)
		if next <= gross {
			return gross, nil
		}
		gross = next
	}
}

// ExternalKiB is the size of a device that takes the metadata of a volume.
func ExternalKiB(netKiB int64, m MetaLayout) (int64, error) {
	if err := m.checkNet(netKiB); err != nil {
		return 0, err
	}
	m = m.withDefaults()
	return max(m.metaKiB(alignUp(netKiB, int64(m.BitmapBlockKiB))), minExternalKiB), nil
}

func (m MetaLayout) checkNet(netKiB int64) error {
	switch {
	case netKiB < MinNetKiB:
		return sizeFault("A volume of %d KiB is too small for DRBD.", netKiB)
	case netKiB > MaxSizeKiB:
		return sizeFault("A volume of %d KiB is too large for DRBD.", netKiB)
	}
	return m.check()
}

func sizeFault(format string, sizeKiB int64) error {
	return fault.New(v1.FailInvalidVolumeSize, format, sizeKiB).
		Because("DRBD's volumes have %d to %d KiB, and %d KiB with internal metadata is the least a device must have", MinNetKiB, MaxSizeKiB, MinGrossKiB).
		Fix("Choose a size in this range.")
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

func alignUp(n, to int64) int64 { return ceilDiv(n, to) * to }
