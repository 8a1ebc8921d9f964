package drbd

import (
	"fmt"
	"net/netip"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

const (
	maxNodeID = 31
	maxMinor  = 1<<20 - 1
	maxVolume = 65534
)

// Check finds out whether the resource can be written into a file at all.
func (r *Resource) Check() error {
	why := r.checkNodes()
	if why == "" {
		why = r.checkVolumes()
	}
	if why == "" {
		why = r.checkEndpoints()
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidConfig, "DRBD's configuration of resource '%s' cannot be written.", r.FullName()).
		Because("%s", why).Fix("Correct the resource's definition; nothing on the node has been changed.").Ref("RscDfn", r.Name)
}

func (r *Resource) checkNodes() string {
	if r.FullName() == "" {
		return "it has no name"
	}
	if r.Secret == "" {
		return "it has no shared secret"
	}
	if _, ok := r.local(); !ok {
		return fmt.Sprintf("the local node '%s' is not a member", r.Local)
	}
	ids, names, unames := map[int]string{}, map[string]bool{}, map[string]string{}
	for _, n := range r.Nodes {
		switch {
		case n.NodeID < 0 || n.NodeID > maxNodeID:
			return fmt.Sprintf("node '%s' has the DRBD node id %d; allowed are 0 to %d", n.Name, n.NodeID, maxNodeID)
		case n.Uname == "":
			return fmt.Sprintf("the host name of node '%s' is not known yet", n.Name)
		case names[n.Name]:
			return fmt.Sprintf("node '%s' is there twice", n.Name)
		case ids[n.NodeID] != "":
			return fmt.Sprintf("nodes '%s' and '%s' have the same DRBD node id %d", ids[n.NodeID], n.Name, n.NodeID)
		case unames[n.Uname] != "":
			return fmt.Sprintf("nodes '%s' and '%s' have the same host name '%s'", unames[n.Uname], n.Name, n.Uname)
		case n.Client && !n.Diskless:
			return fmt.Sprintf("node '%s' is a client, but has a disk", n.Name)
		}
		ids[n.NodeID], names[n.Name], unames[n.Uname] = n.Name, true, n.Name
	}
	return ""
}

func (r *Resource) checkVolumes() string {
	if len(r.Volumes) == 0 {
		return "it has no volumes"
	}
	me, _ := r.local()
	numbers, minors := map[int]bool{}, map[int]int{}
	for _, v := range r.Volumes {
		other, taken := minors[v.Minor]
		switch {
		case v.Number < 0 || v.Number > maxVolume:
			return fmt.Sprintf("volume number %d is not between 0 and %d", v.Number, maxVolume)
		case numbers[v.Number]:
			return fmt.Sprintf("volume %d is there twice", v.Number)
		case v.Minor < 0:
			return fmt.Sprintf("volume %d has no minor number", v.Number)
		case v.Minor > maxMinor:
			return fmt.Sprintf("volume %d has the minor number %d; allowed are 0 to %d", v.Number, v.Minor, maxMinor)
		case taken:
			return fmt.Sprintf("volumes %d and %d have the same minor number %d", other, v.Number, v.Minor)
		case !me.Diskless && !v.NoDisk && (v.BackingPath == "" || v.BackingPath[0] != '/'):
			return fmt.Sprintf("the path of the lower device of volume %d is '%s', which is not absolute", v.Number, v.BackingPath)
		case v.MetaPath != "" && v.MetaPath[0] != '/':
			return fmt.Sprintf("the path of the metadata device of volume %d is '%s', which is not absolute", v.Number, v.MetaPath)
		case v.SizeKiB < 0:
			return fmt.Sprintf("volume %d has a negative size", v.Number)
		}
		numbers[v.Number], minors[v.Minor] = true, v.Number
	}
	return ""
}

func (r *Resource) checkEndpoints() string {
	seen := map[[2]string]bool{}
	for _, c := range r.Connections {
		pair := [2]string{min(c.A, c.B), max(c.A, c.B)}
		if c.A == c.B || seen[pair] {
			return fmt.Sprintf("the connection between '%s' and '%s' is there twice or leads to itself", c.A, c.B)
		}
		seen[pair] = true
	}
	me, _ := r.local()
	for _, p := range r.linked() {
		for _, path := range r.paths(me, p) {
			if why := path.A.check(me.Name); why != "" {
				return why
			}
			if why := path.B.check(p.Name); why != "" {
				return why
			}
			if path.A.Addr.Unmap().Is4() != path.B.Addr.Unmap().Is4() {
				return fmt.Sprintf("the path from '%s' to '%s' has an IPv4 and an IPv6 address", me.Name, p.Name)
			}
		}
	}
	return ""
}

// check says what is wrong with an endpoint.
func (e Endpoint) check(node string) string {
	switch {
	case !e.Addr.IsValid():
		return fmt.Sprintf("node '%s' has no address for DRBD", node)
	case e.Addr.IsUnspecified() || e.Addr.IsMulticast():
		return fmt.Sprintf("the address %s of node '%s' cannot be connected to", e.Addr, node)
	case e.Port == 0:
		return fmt.Sprintf("node '%s' has no TCP port for DRBD", node)
	}
	return ""
}

// paths are the paths between two nodes: those of the connection, or the plain one.
func (r *Resource) paths(a, b Node) []Path {
	if c := r.connection(a.Name, b.Name); len(c.Paths) > 0 {
		return c.Paths
	}
	return []Path{{A: a.Endpoint, B: b.Endpoint}}
}

// family writes an address with its port as drbdadm reads it.
func family(a netip.Addr, port uint16) string {
	a = a.Unmap()
	if a.Is4() {
		return fmt.Sprintf("ipv4 %s:%d", a, port)
	}
	return fmt.Sprintf("ipv6 [%s]:%d", a, port)
}
