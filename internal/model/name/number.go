package name

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Limits of numbers, and what is used where nobody said otherwise.
const (
	MaxVolumeNumber  = 65534
	MaxMinor         = 1<<20 - 1
	MaxPort          = 65535
	MaxNodeID        = 31
	MaxPeerSlots     = 31
	DefaultPeerSlots = 7
)

// DefaultMinors is MinorNrAutoRange where it is not set.
func DefaultMinors() Ranges { return Ranges{{Min: 1000, Max: 49999}} }

// DefaultPorts is TcpPortAutoRange where it is not set.
func DefaultPorts() Ranges { return Ranges{{Min: 7000, Max: 7999}} }

// DefaultShippingPorts is SnapshotShipping/TcpPortRange where it is not set.
func DefaultShippingPorts() Ranges { return Ranges{{Min: 12000, Max: 12999}} }

// CheckVolumeNumber checks the number of a volume.
func CheckVolumeNumber(n int) *fault.Fault {
	return between(v1.FailInvalidVolumeNumber, "volume number", "volume_number", n, 0, MaxVolumeNumber)
}

// CheckMinor checks a DRBD minor number.
func CheckMinor(n int) *fault.Fault {
	return between(v1.FailInvalidMinorNumber, "DRBD minor number", "minor_number", n, 0, MaxMinor)
}

// CheckPort checks the TCP port of a DRBD resource.
func CheckPort(n int) *fault.Fault {
	return between(v1.FailInvalidTCPPort, "TCP port", "drbd_port", n, 1, MaxPort)
}

// CheckNodeID checks a DRBD node id.
func CheckNodeID(n int) *fault.Fault {
	return between(v1.FailInvalidNodeID, "DRBD node id", "node_id", n, 0, MaxNodeID)
}

// CheckPeerSlots checks how many peers a replica's metadata has room for.
func CheckPeerSlots(n int) *fault.Fault {
	return between(v1.FailInvalidRequest, "number of peer slots", "peer_slots", n, 1, MaxPeerSlots)
}

func between(code v1.Code, what, field string, n, low, high int) *fault.Fault {
	if n >= low && n <= high {
		return nil
	}
	return fault.New(code, "%d is not a valid %s.", n, what).
		Because("field '%s': it is not between %d and %d", field, low, high).
		Fix("Use a number from %d to %d.", low, high)
}
