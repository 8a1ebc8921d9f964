package show

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Node renders a node with its connection.
func Node(w *model.World, n *model.Node) v1.Node {
	out := v1.Node{Name: n.Name, Type: string(n.Type), Props: n.Props, UUID: n.UUID, Flags: nodeFlags(n), Platform: "LINUX"}
	for _, i := range n.Interfaces {
		out.NetInterfaces = append(out.NetInterfaces, Interface(n, i))
	}
	st, ok := w.NodeStatus.Get(n.Name)
	out.ConnectionStatus = string(connection(n, st, ok))
	if ok && st.Host != nil {
		out.StorageProviders, out.ResourceLayers = st.Host.Providers, st.Host.Layers
		out.UnsupportedProviders, out.UnsupportedLayers = st.Host.UnsupportedProviders, st.Host.UnsupportedLayers
		out.OsVariant, out.Warnings = st.Host.OS, st.Host.Warnings
	}
	if at, armed := EvictionTime(w, n); armed {
		out.EvictionTimestamp = at.UnixMilli()
	}
	if ok && st.State != model.ConnOnline {
		since := st.Since.UnixMilli()
		out.ConnectionReason, out.ConnectionSince = st.Why, &since
	} else if ok {
		since := st.Since.UnixMilli()
		out.ConnectionSince = &since
	}
	return out
}

func connection(n *model.Node, st *model.NodeStatus, known bool) model.ConnState {
	switch {
	case !n.Type.HasSatellite():
		// The clients show a node without a satellite as online.
		return model.ConnOnline
	case n.Active == "":
		return model.ConnNoSatellite
	case !known:
		return model.ConnOffline
	}
	return st.State
}

func nodeFlags(n *model.Node) []string {
	var flags []string
	if n.Deleting != nil || n.Evicted {
		flags = append(flags, "DELETE")
	}
	if n.Evicted {
		flags = append(flags, "EVICTED")
	}
	if n.Evacuating {
		flags = append(flags, "EVACUATE")
	}
	return flags
}

// Interface renders a net interface.
func Interface(n *model.Node, i model.NetInterface) v1.NetInterface {
	active := model.Key(n.Active) == model.Key(i.Name)
	out := v1.NetInterface{Name: i.Name, Address: i.Address, UUID: i.UUID, SatelliteEncryptionType: i.Encryption, IsActive: &active}
	if i.Port != 0 {
		p := v1.FlexInt(i.Port)
		out.SatellitePort = &p
	}
	return out
}

// Online tells whether a node's satellite is connected and up to date.
func Online(w *model.World, node string) bool {
	st, ok := w.NodeStatus.Get(node)
	return ok && st.State == model.ConnOnline
}

// WhyOffline says in words why a node's satellite cannot be reached.
func WhyOffline(w *model.World, node string) string {
	st, _ := w.NodeStatus.Get(node)
	return WhyNotOnline(st)
}

// WhyNotOnline says it by what is known of the satellite; nil is nothing.
func WhyNotOnline(st *model.NodeStatus) string {
	switch {
	case st == nil:
		return "the satellite has not been connected yet"
	case st.State == model.ConnOnline:
		return ""
	case st.Why == "":
		return string(st.State)
	}
	return string(st.State) + ": " + st.Why
}

// BackOnline says what brings a satellite back that is not online.
func BackOnline(w *model.World, node string) string {
	st, ok := w.NodeStatus.Get(node)
	if !ok {
		st = &model.NodeStatus{}
	}
	switch st.State {
	case model.ConnVersionMismatch:
		return "Upgrade the older of controller and satellite: their versions may differ by one. The controller tries again by itself."
	case model.ConnOtherController:
		return "Stop the other controller, or remove the node from its cluster."
	case model.ConnHostname:
		return "Correct the node's address ('node interface modify'), or the satellite's node name."
	case model.ConnAuthError:
		return "Give both sides certificates that the other one trusts; the controller tries again by itself."
	}
	return "Start the satellite on the node, and check its address; the controller tries again by itself."
}
