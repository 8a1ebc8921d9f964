package node

import (
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func interfaceRoutes() []object.Route {
	const path = "/nodes/{node}/net-interfaces"
	return []object.Route{
		{Method: "GET", Path: path, Read: listInterfaces},
		{Method: "GET", Path: path + "/{netinterface}", Read: getInterface},
		{Method: "POST", Path: path, Success: 201, Mask: v1.MaskNetInterface | v1.MaskCreate, Body: object.New[v1.NetInterface], Write: createInterface},
		{Method: "PUT", Path: path + "/{netinterface}", Mask: v1.MaskNetInterface | v1.MaskModify, Body: object.New[v1.NetInterface], Write: modifyInterface},
		{Method: "DELETE", Path: path + "/{netinterface}", Mask: v1.MaskNetInterface | v1.MaskDelete, Write: removeInterface},
	}
}

func listInterfaces(w *model.World, r *object.Request) (any, error) {
	n, err := Find(w, r.Param("node"))
	if err != nil {
		return nil, err
	}
	out := []v1.NetInterface{}
	for _, i := range n.Interfaces {
		out = append(out, show.Interface(n, i))
	}
	return object.Page(r, out), nil
}

func getInterface(w *model.World, r *object.Request) (any, error) {
	n, err := Find(w, r.Param("node"))
	if err != nil {
		return nil, err
	}
	if i, ok := n.Interface(r.Param("netinterface")); ok {
		return show.Interface(n, i), nil
	}
	return nil, missingInterface(n.Name, r.Param("netinterface"))
}

func missingInterface(node, i string) *fault.Fault {
	return object.NotFound(v1.FailNotFoundNetInterface, show.InterfaceName(node, i), "Node", node, "NetIf", i)
}

func addInterfaces(tx *model.Tx, n *model.Node, in []v1.NetInterface) error {
	for _, i := range in {
		if i.Name == "" {
			i.Name = "default"
		}
		if _, taken := n.Interface(i.Name); taken {
			return object.Exists(v1.FailExistsNetInterface, show.InterfaceName(n.Name, i.Name))
		}
		made, err := interfaceOf(i, model.NetInterface{UUID: tx.NewUUID(), Name: i.Name})
		if err != nil {
			return err
		}
		n.Interfaces = append(n.Interfaces, made)
		if made.Port != 0 && (n.Active == "" || i.IsActive != nil && *i.IsActive) {
			n.Active = made.Name
		}
	}
	return nil
}

// interfaceOf checks what was sent and lays it over what there was.
func interfaceOf(in v1.NetInterface, out model.NetInterface) (model.NetInterface, error) {
	if f := name.CheckNetInterface(out.Name); f != nil {
		return out, f
	}
	if in.Address != "" || out.Address == "" {
		if f := name.CheckAddress(in.Address); f != nil {
			return out, f
		}
		out.Address = in.Address
	}
	if in.SatelliteEncryptionType != "" {
		out.Encryption = strings.ToUpper(in.SatelliteEncryptionType)
		if out.Encryption != "PLAIN" && out.Encryption != "SSL" {
			return out, fault.New(v1.FailInvalidEncryptType, "'%s' is no encryption type.", in.SatelliteEncryptionType).
				Because("field 'satellite_encryption_type' has an unknown value").Fix("Use PLAIN or SSL.")
		}
	}
	if in.SatellitePort != nil {
		out.Port = int(*in.SatellitePort)
		if out.Port < 1 || out.Port > 65535 {
			return out, fault.New(v1.FailInvalidNetPort, "%d is no TCP port.", out.Port).
				Because("field 'satellite_port' must be 1 to 65535").Fix("Use 3366 (plain) or 3367 (SSL) unless the satellite was told otherwise.")
		}
	}
	switch {
	case out.Encryption != "" && out.Port == 0:
		out.Port = defaultPort(out.Encryption)
	case out.Encryption == "" && out.Port != 0:
		out.Encryption = "PLAIN"
	}
	return out, nil
}

func defaultPort(encryption string) int {
	if encryption == "SSL" {
		return link.PortTLS
	}
	return link.PortPlain
}

func createInterface(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	in := *r.Body.(*v1.NetInterface)
	next := *n
	next.Interfaces = slices.Clone(n.Interfaces)
	active := next.Active
	if err := addInterfaces(tx, &next, []v1.NetInterface{in}); err != nil {
		return nil, err
	}
	made := next.Interfaces[len(next.Interfaces)-1]
	if in.IsActive != nil && *in.IsActive && next.Active != made.Name {
		return nil, notAStltConn(made.Name)
	}
	if active != "" && (in.IsActive == nil || !*in.IsActive) {
		next.Active = active
	}
	tx.PutNode(&next)
	return []v1.ApiCallRc{object.Created(show.InterfaceName(n.Name, made.Name), made.UUID, "Node", n.Name, "NetIf", made.Name)}, nil
}

func notAStltConn(i string) *fault.Fault {
	return fault.New(v1.FailInvalidNetPort, "Net interface '%s' cannot be the satellite connection.", i).
		Because("'is_active' needs satellite_port and satellite_encryption_type").Fix("Give the port and the encryption type too.")
}

func modifyInterface(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	old, ok := n.Interface(r.Param("netinterface"))
	if !ok {
		return nil, missingInterface(n.Name, r.Param("netinterface"))
	}
	in := *r.Body.(*v1.NetInterface)
	made, err := interfaceOf(in, old)
	if err != nil {
		return nil, err
	}
	next := *n
	next.Interfaces = slices.Clone(n.Interfaces)
	for i := range next.Interfaces {
		if next.Interfaces[i].Name == old.Name {
			next.Interfaces[i] = made
		}
	}
	if in.IsActive != nil && *in.IsActive {
		if made.Port == 0 {
			return nil, notAStltConn(made.Name)
		}
		next.Active = made.Name
	}
	tx.PutNode(&next)
	return []v1.ApiCallRc{object.Modified(show.InterfaceName(n.Name, made.Name), made.UUID, "Node", n.Name, "NetIf", made.Name)}, nil
}

func removeInterface(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, err := Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	old, ok := n.Interface(r.Param("netinterface"))
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.InterfaceName(n.Name, r.Param("netinterface")), "Node", n.Name)}, nil
	}
	if p := n.Props["PrefNic"]; strings.EqualFold(p, old.Name) {
		return nil, fault.New(v1.FailInUse, "Net interface '%s' of node '%s' is in use.", old.Name, n.Name).
			Because("the node's property PrefNic names it").Fix("Change or delete the property first.")
	}
	next := *n
	next.Interfaces = slices.DeleteFunc(slices.Clone(n.Interfaces), func(i model.NetInterface) bool { return i.Name == old.Name })
	out := []v1.ApiCallRc{object.Deleted(show.InterfaceName(n.Name, old.Name), old.UUID, "Node", n.Name, "NetIf", old.Name)}
	if strings.EqualFold(n.Active, old.Name) {
		next.Active = ""
		for _, i := range next.Interfaces {
			if i.Port != 0 {
				next.Active = i.Name
				break
			}
		}
		if next.Active == "" && n.Type.HasSatellite() {
			out = append(out, v1.ApiCallRc{RetCode: v1.WarnNoSatelliteConnectionDefined,
				Message:    "Node '" + n.Name + "' has no satellite connection any more.",
				Correction: "Make one with 'node interface create --active'."})
		}
	}
	tx.PutNode(&next)
	return out, nil
}
