package drbd

import (
	"encoding/json"
	"fmt"
)

// statusResource is one resource of drbdsetup status --json; only what is read.
type statusResource struct {
	Name             string         `json:"name"`
	NodeID           *int           `json:"node-id"`
	Role             string         `json:"role"`
	SuspendedUser    bool           `json:"suspended-user"`
	SuspendedNoData  bool           `json:"suspended-no-data"`
	SuspendedFencing bool           `json:"suspended-fencing"`
	SuspendedQuorum  bool           `json:"suspended-quorum"`
	ForceIOFailures  bool           `json:"force-io-failures"`
	WriteOrdering    string         `json:"write-ordering"`
	Devices          []statusDevice `json:"devices"`
	Connections      []statusLink   `json:"connections"`
}

type statusDevice struct {
	Volume    int    `json:"volume"`
	Minor     int    `json:"minor"`
	Disk      string `json:"disk-state"`
	Client    *bool  `json:"client"`
	Open      *bool  `json:"open"`
	Quorum    *bool  `json:"quorum"`
	Size      int64  `json:"size"`
	Read      int64  `json:"read"`
	Written   int64  `json:"written"`
	ALWrites  int64  `json:"al-writes"`
	BMWrites  int64  `json:"bm-writes"`
	UpperPend int64  `json:"upper-pending"`
	LowerPend int64  `json:"lower-pending"`
}

type statusLink struct {
	PeerID     int                `json:"peer-node-id"`
	Name       string             `json:"name"`
	Connection string             `json:"connection-state"`
	Congested  *bool              `json:"congested"`
	PeerRole   string             `json:"peer-role"`
	APInFlight int64              `json:"ap-in-flight"`
	RSInFlight int64              `json:"rs-in-flight"`
	Devices    []statusPeerDevice `json:"peer_devices"`
	Paths      []statusPath       `json:"paths"`
}

type statusPath struct {
	This        statusHost `json:"this_host"`
	Remote      statusHost `json:"remote_host"`
	Established bool       `json:"established"`
}

type statusHost struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	Family  string `json:"family"`
}

type statusPeerDevice struct {
	Volume          int      `json:"volume"`
	Replication     string   `json:"replication-state"`
	Disk            string   `json:"peer-disk-state"`
	Client          *bool    `json:"peer-client"`
	ResyncSuspended string   `json:"resync-suspended"`
	Received        int64    `json:"received"`
	Sent            int64    `json:"sent"`
	OutOfSync       int64    `json:"out-of-sync"`
	Pending         int64    `json:"pending"`
	Unacked         int64    `json:"unacked"`
	ResyncDone      *float64 `json:"percent-resync-done"`
}

// ParseStatus reads drbdsetup status --json --verbose --statistics. Unknown keys
// are passed over; a resource without a name is an error.
func ParseStatus(data []byte) (map[string]State, error) {
	var in []statusResource
	if err := json.Unmarshal(data, &in); err != nil {
		return nil, fmt.Errorf("drbdsetup status: %w", err)
	}
	out := map[string]State{}
	for i := range in {
		if in[i].Name == "" {
			return nil, fmt.Errorf("drbdsetup status: resource %d has no name", i)
		}
		out[in[i].Name] = in[i].state()
	}
	return out, nil
}

func (in *statusResource) state() State {
	s := newState(in.Name)
	if in.NodeID != nil {
		s.NodeID = *in.NodeID
	}
	s.Role, s.WriteOrdering, s.ForceIOFailure = in.Role, in.WriteOrdering, in.ForceIOFailures
	s.Suspended = Suspended{User: in.SuspendedUser, NoData: in.SuspendedNoData, Fencing: in.SuspendedFencing, Quorum: in.SuspendedQuorum}
	for _, d := range in.Devices {
		s.Devices[d.Volume] = Device{Minor: d.Minor, Disk: d.Disk, Client: told(d.Client), Open: told(d.Open), Quorum: told(d.Quorum),
			SizeKiB: d.Size, Read: d.Read, Written: d.Written, ALWrites: d.ALWrites, BMWrites: d.BMWrites, UpperPend: d.UpperPend, LowerPend: d.LowerPend}
	}
	for i := range in.Connections {
		c := &in.Connections[i]
		l := newLink()
		l.Name, l.Connection, l.PeerRole, l.Congested = c.Name, c.Connection, c.PeerRole, told(c.Congested)
		l.APInFlight, l.RSInFlight = c.APInFlight, c.RSInFlight
		for j := range c.Devices {
			l.Volumes[c.Devices[j].Volume] = c.Devices[j].peerDevice()
		}
		for _, p := range c.Paths {
			l.Paths[PathKey{p.This.key(), p.Remote.key()}] = p.Established
		}
		s.Connections[c.PeerID] = l
	}
	return s
}

func (in *statusPeerDevice) peerDevice() PeerDevice {
	d := PeerDevice{Replication: in.Replication, Disk: in.Disk, Client: told(in.Client), ResyncSuspended: in.ResyncSuspended, DonePercent: -1,
		ReceivedKiB: in.Received, SentKiB: in.Sent, OutOfSyncKiB: in.OutOfSync, Pending: in.Pending, Unacked: in.Unacked}
	if in.ResyncDone != nil && busy(in.Replication) {
		d.DonePercent = *in.ResyncDone
	}
	return d
}

// key is the address as the event stream spells it.
func (h statusHost) key() string {
	if h.Family == "ipv6" {
		return fmt.Sprintf("%s:[%s]:%d", h.Family, h.Address, h.Port)
	}
	return fmt.Sprintf("%s:%s:%d", h.Family, h.Address, h.Port)
}

func told(b *bool) Truth {
	if b == nil {
		return Untold
	}
	return truth(*b)
}

// busy tells whether a replication state has a progress.
func busy(replication string) bool {
	switch replication {
	case "SyncSource", "SyncTarget", "PausedSyncS", "PausedSyncT", "VerifyS", "VerifyT":
		return true
	}
	return false
}
