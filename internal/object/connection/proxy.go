package connection

import (
	"maps"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

const (
	keyCompression   = "DrbdProxy/CompressionType"
	compressionSpace = "DrbdOptions/ProxyCompression/"
	noCompression    = "none"
)

func proxyRoutes() []object.Route {
	const path = "/resource-definitions/{resource}/drbd-proxy"
	mask := v1.MaskResourceConnection | v1.MaskModify
	return []object.Route{
		{Method: "PUT", Path: path, Mask: v1.MaskResourceDefinition | v1.MaskModify, Body: object.New[v1.DrbdProxyModify], Write: modifyProxy},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.DRBDProxy)},
		{Method: "POST", Path: path + "/enable/{node_a}/{node_b}", Mask: mask, Body: object.New[v1.DrbdProxyEnable], Optional: true, Write: enableProxy},
		{Method: "POST", Path: path + "/disable/{node_a}/{node_b}", Mask: mask, Write: disableProxy},
	}
}

// modifyProxy changes the settings of the proxies of a resource. Another compression
// takes the settings of the one before it away.
func modifyProxy(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.DrbdProxyModify)
	d, err := replicated(tx.World, r)
	if err != nil {
		return nil, err
	}
	props, changes, f := prop.Modify(prop.DRBDProxy, d.Props, in.OverrideProps, in.DeleteProps, nil)
	if f != nil {
		return nil, f
	}
	if in.CompressionType != "" {
		more, next, err := compression(props, in)
		if err != nil {
			return nil, err
		}
		props, changes = next, append(changes, more...)
	}
	next := *d
	next.Props = props
	tx.PutDefinition(&next)
	var out []v1.ApiCallRc
	for _, c := range changes {
		out = append(out, c.RC())
	}
	return append(out, object.Modified(show.DefinitionName(d.Name), d.UUID, "RscDfn", d.Name)), nil
}

func compression(props map[string]string, in *v1.DrbdProxyModify) ([]prop.Change, map[string]string, error) {
	class := map[string]prop.Class{noCompression: prop.DRBDProxyLZ4, "lz4": prop.DRBDProxyLZ4, "lzma": prop.DRBDProxyLZMA,
		"zlib": prop.DRBDProxyZlib, "zstd": prop.DRBDProxyZstd}
	kind := strings.ToLower(in.CompressionType)
	of, ok := class[kind]
	if !ok {
		return nil, nil, fault.New(v1.FailInvalidDRBDProxyCompressionType, "'%s' is no compression of DRBD Proxy.", in.CompressionType).
			Because("field compression_type has an unknown word").Fix("Use none, zlib, lzma, lz4 or zstd.")
	}
	clean := maps.Clone(props)
	maps.DeleteFunc(clean, func(k, _ string) bool { return k == keyCompression || strings.HasPrefix(k, compressionSpace) })
	next, changes, f := prop.Modify(of, clean, in.CompressionProps, nil, nil)
	if f != nil {
		return nil, nil, f
	}
	if kind != noCompression {
		next[keyCompression] = kind
	}
	return changes, next, nil
}

func enableProxy(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	if in, ok := r.Body.(*v1.DrbdProxyEnable); ok && (in.Port != 0 || in.PortSrc != 0 || in.PortTarget != 0) {
		return nil, fault.New(v1.FailInvalidRequest, "A port cannot be chosen for DRBD Proxy.").
			Because("the proxies listen on the DRBD port that the resource has on each node").
			Fix("Leave the port away, or choose the resource's DRBD port.")
	}
	return setProxy(tx, r, true)
}

func disableProxy(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	return setProxy(tx, r, false)
}

func setProxy(tx *model.Tx, r *object.Request, on bool) ([]v1.ApiCallRc, error) {
	if _, err := replicated(tx.World, r); err != nil {
		return nil, err
	}
	d, a, b, err := replicas(tx.World, r)
	if err != nil {
		return nil, err
	}
	next := model.ResourceConnection{Definition: d.Name, A: a, B: b}
	if c, ok := tx.ResourceConns.Get(d.Name, a, b); ok {
		next = *c
	}
	next.Proxy = on
	putResourceConn(tx, &next)
	verb := "enabled"
	if !on {
		verb = "disabled"
	}
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: "DRBD Proxy between nodes '" + a + "' and '" + b + "' of '" + d.Name + "' " + verb + "."}}, nil
}

// putResourceConn keeps a connection as long as it says something.
func putResourceConn(tx *model.Tx, c *model.ResourceConnection) {
	if len(c.Props) == 0 && !c.Proxy {
		tx.DeleteResourceConn(c.Definition, c.A, c.B)
		return
	}
	tx.PutResourceConn(c)
}

// replicated finds the definition, which needs DRBD.
func replicated(w *model.World, r *object.Request) (*model.Definition, error) {
	d, err := definition(w, r)
	if err != nil {
		return nil, err
	}
	// The stack is not known before there is a replica, unless it was asked for.
	if len(d.Stack) > 0 && !model.HasLayer(d.Stack, v1.LayerTypeDrbd) {
		return nil, fault.New(v1.FailInvalidRequest, "Resource definition '%s' has no DRBD layer.", d.Name).
			Because("DRBD Proxy carries the traffic of DRBD").Fix("Name a replicated resource; 'resource-definition list' shows the layers.")
	}
	return d, nil
}
