package drbd

import (
	"strconv"
	"strings"
)

func putResource(f *fields, s *State) {
	f.text("role", &s.Role)
	f.text("write-ordering", &s.WriteOrdering)
	f.truth("may_promote", &s.MayPromote)
	if v, ok := f.m["suspended"]; ok {
		s.Suspended = parseSuspended(v)
	}
	if v, ok := f.m["force-io-failures"]; ok {
		s.ForceIOFailure = v == "yes"
	}
	score := int64(s.PromotionScore)
	f.number("promotion_score", &score)
	s.PromotionScore = int(score)
}

func parseSuspended(v string) Suspended {
	var s Suspended
	for why := range strings.SplitSeq(v, ",") {
		switch why {
		case "user":
			s.User = true
		case "no-data":
			s.NoData = true
		case "fencing":
			s.Fencing = true
		case "quorum":
			s.Quorum = true
		}
	}
	return s
}

func putDevice(f *fields, s *State) {
	n := f.mustInt("volume")
	d := s.Devices[n]
	d.Minor = f.mustInt("minor")
	f.text("disk", &d.Disk)
	f.truth("client", &d.Client)
	f.truth("open", &d.Open)
	f.truth("quorum", &d.Quorum)
	f.text("backing_dev", &d.Backing)
	if d.Backing == "none" {
		d.Backing = ""
	}
	for key, to := range map[string]*int64{"size": &d.SizeKiB, "read": &d.Read, "written": &d.Written, "al-writes": &d.ALWrites,
		"bm-writes": &d.BMWrites, "upper-pending": &d.UpperPend, "lower-pending": &d.LowerPend} {
		f.number(key, to)
	}
	s.Devices[n] = d
}

// putLink takes what belongs to a connection.
func putLink(f *fields, s *State, object string) {
	id := f.mustInt("peer-node-id")
	l, ok := s.Connections[id]
	if !ok {
		l = newLink()
	}
	f.text("conn-name", &l.Name)
	switch object {
	case "connection":
		f.text("connection", &l.Connection)
		f.text("role", &l.PeerRole)
		f.truth("congested", &l.Congested)
		f.number("ap-in-flight", &l.APInFlight)
		f.number("rs-in-flight", &l.RSInFlight)
	case "peer-device":
		putPeerDevice(f, &l)
	case "path":
		key := PathKey{f.must("local"), f.must("peer")}
		if f.err == nil {
			l.Paths[key] = f.m["established"] == "yes"
		}
	}
	s.Connections[id] = l
}

func putPeerDevice(f *fields, l *Link) {
	n := f.mustInt("volume")
	d, ok := l.Volumes[n]
	if !ok {
		d.DonePercent = -1
	}
	f.text("replication", &d.Replication)
	f.text("peer-disk", &d.Disk)
	f.truth("peer-client", &d.Client)
	f.text("resync-suspended", &d.ResyncSuspended)
	for key, to := range map[string]*int64{"received": &d.ReceivedKiB, "sent": &d.SentKiB, "out-of-sync": &d.OutOfSyncKiB,
		"pending": &d.Pending, "unacked": &d.Unacked} {
		f.number(key, to)
	}
	if !busy(d.Replication) {
		d.DonePercent = -1
	} else if p, err := strconv.ParseFloat(f.m["done"], 64); err == nil && p >= 0 && p <= 100 {
		d.DonePercent = p
	}
	l.Volumes[n] = d
}
