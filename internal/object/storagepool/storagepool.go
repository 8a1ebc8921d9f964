// Package storagepool is the API of storage pools and their definitions.
package storagepool

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/node"
	"github.com/holdfast-storage/holdfast/internal/object/show"
	"github.com/holdfast-storage/holdfast/internal/object/snapshotting"
)

// Routes lists the calls of the object.
func Routes() []object.Route {
	const path = "/nodes/{node}/storage-pools"
	return append([]object.Route{
		{Method: "GET", Path: path, Read: listOfNode},
		{Method: "GET", Path: "/view/storage-pools", Read: list},
		{Method: "GET", Path: path + "/{storagepool}", Read: get},
		{Method: "POST", Path: path, Success: 201, Mask: v1.MaskStoragePool | v1.MaskCreate, Body: object.New[v1.StoragePool], Write: create},
		{Method: "PUT", Path: path + "/{storagepool}", Mask: v1.MaskStoragePool | v1.MaskModify, Body: object.New[v1.StoragePoolDefinitionModify], Write: modify},
		{Method: "DELETE", Path: path + "/{storagepool}", Mask: v1.MaskStoragePool | v1.MaskDelete, Write: remove},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.StoragePool)},
	}, definitionRoutes()...)
}

func listOfNode(w *model.World, r *object.Request) (any, error) {
	n, err := node.Find(w, r.Param("node"))
	if err != nil {
		return nil, err
	}
	return object.Page(r, pools(w, r, object.Filter{model.Key(n.Name): true})), nil
}

func list(w *model.World, r *object.Request) (any, error) {
	return object.Page(r, pools(w, r, object.NameFilter(r, "nodes"))), nil
}

func pools(w *model.World, r *object.Request, nodes object.Filter) []v1.StoragePool {
	names := object.NameFilter(r, "storage_pools")
	out := []v1.StoragePool{}
	for p := range w.Pools.All {
		if nodes.Has(p.Node) && names.Has(p.Name) && object.HasProps(r, p.Props) {
			out = append(out, show.Pool(w, p))
		}
	}
	return out
}

func find(w *model.World, r *object.Request) (*model.Pool, error) {
	n, p := r.Param("node"), r.Param("storagepool")
	if _, err := node.Find(w, n); err != nil {
		return nil, err
	}
	if got, ok := w.Pools.Get(n, p); ok {
		return got, nil
	}
	return nil, object.NotFound(v1.FailNotFoundStoragePool, show.PoolName(n, p), "Node", n, "StorPoolDfn", p)
}

func get(w *model.World, r *object.Request) (any, error) {
	p, err := find(w, r)
	if err != nil {
		return nil, err
	}
	return show.Pool(w, p), nil
}

// backing unites the old ways to say what a pool is made of.
func backing(props map[string]string) map[string]string {
	out := map[string]string{}
	var vg, thin string
	for k, v := range props {
		switch k {
		case "StorDriver/LvmVg":
			vg = v
		case "StorDriver/ThinPool":
			thin = v
		case "StorDriver/ZPool", "StorDriver/ZPoolThin", "StorDriver/FileDir":
			out[model.KeyPoolBacking] = v
		default:
			out[k] = v
		}
	}
	switch {
	case vg != "" && thin != "":
		out[model.KeyPoolBacking] = vg + "/" + thin
	case vg != "":
		out[model.KeyPoolBacking] = vg
	}
	return out
}

var supported = map[v1.ProviderKind]string{
	v1.ProviderKindDiskless: "", v1.ProviderKindLvm: "the name of a volume group",
	v1.ProviderKindLvmThin: "a volume group and a thin pool, as vg/thinpool",
	v1.ProviderKindZfs:     "a zpool or a dataset, as pool/dataset", v1.ProviderKindZfsThin: "a zpool or a dataset, as pool/dataset",
	v1.ProviderKindFile: "an absolute path of a directory", v1.ProviderKindFileThin: "an absolute path of a directory",
}

func checkBacking(kind v1.ProviderKind, b string) error {
	help, known := supported[kind]
	if !known {
		return fault.New(v1.FailInvalidStorageDriver, "Storage pools of kind '%s' are not supported.", kind).
			Because("field 'provider_kind' has an unknown value").
			Fix("Use one of DISKLESS, LVM, LVM_THIN, ZFS, ZFS_THIN, FILE, FILE_THIN.")
	}
	why := ""
	switch {
	case kind == v1.ProviderKindDiskless:
	case b == "":
		why = "property '" + model.KeyPoolBacking + "' is missing"
	case kind == v1.ProviderKindLvmThin && strings.Count(b, "/") != 1:
		why = "'" + b + "' names no thin pool"
	case kind == v1.ProviderKindLvm && strings.Contains(b, "/"):
		why = "'" + b + "' is no volume group name"
	case (kind == v1.ProviderKindFile || kind == v1.ProviderKindFileThin) && !strings.HasPrefix(b, "/"):
		why = "'" + b + "' is no absolute path"
	case strings.HasPrefix(b, "-") || strings.ContainsAny(b, " \t\n"):
		why = "'" + b + "' has characters that no pool name has"
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidProp, "The storage pool needs to know what it is made of.").
		Because("%s", why).Fix("For kind %s give %s in '%s'.", kind, help, model.KeyPoolBacking)
}

func create(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.StoragePool)
	n, err := node.Find(tx.World, r.Param("node"))
	if err != nil {
		return nil, err
	}
	if f := name.CheckStoragePool(in.StoragePoolName); f != nil {
		return nil, f
	}
	if _, ok := tx.Pools.Get(n.Name, in.StoragePoolName); ok {
		return nil, object.Exists(v1.FailExistsStoragePool, show.PoolName(n.Name, in.StoragePoolName)).
			Ref("Node", n.Name).Ref("StorPoolDfn", in.StoragePoolName)
	}
	if !n.Type.HasSatellite() {
		return nil, fault.New(v1.FailInvalidNodeType, "Node '%s' has no satellite and can hold no storage pool.", n.Name).
			Because("its type is %s", n.Type).Fix("Change the node's type to Satellite or Combined.")
	}
	p, err := newPool(tx, n, in)
	if err != nil {
		return nil, err
	}
	ensureDefinition(tx, p.Name)
	tx.PutPool(p)
	r.AwaitPools = append(r.AwaitPools, [2]string{n.Name, p.Name})
	return []v1.ApiCallRc{object.Created(show.PoolName(n.Name, p.Name), p.UUID, "Node", n.Name, "StorPoolDfn", p.Name)}, nil
}

func newPool(tx *model.Tx, n *model.Node, in *v1.StoragePool) (*model.Pool, error) {
	given := backing(in.Props)
	if err := checkBacking(in.ProviderKind, given[model.KeyPoolBacking]); err != nil {
		return nil, err
	}
	if err := checkTaken(tx.World, n.Name, in.ProviderKind, given[model.KeyPoolBacking]); err != nil {
		return nil, err
	}
	props, _, err := change.Props(prop.StoragePool, nil, given, nil, nil)
	if err != nil {
		return nil, err
	}
	shared := in.SharedSpace
	if shared == "" && !strings.ContainsAny(in.FreeSpaceMgrName, ":;") {
		shared = in.FreeSpaceMgrName
	}
	if shared != "" {
		if f := name.CheckSharedSpace(shared); f != nil {
			return nil, f
		}
	}
	return &model.Pool{Node: n.Name, Name: in.StoragePoolName, UUID: tx.NewUUID(), Kind: in.ProviderKind,
		Props: props, SharedSpace: shared, ExternalLocking: in.ExternalLocking}, nil
}

// checkTaken refuses a second pool on the same storage of a node: the two would
// promise the same space, and one could not tell its volumes from the other's.
func checkTaken(w *model.World, n string, kind v1.ProviderKind, b string) error {
	if kind == v1.ProviderKindDiskless {
		return nil
	}
	for p := range w.Pools.Under(n) {
		if p.Kind == kind && p.Props[model.KeyPoolBacking] == b {
			return fault.New(v1.FailExistsStoragePool, "'%s' is already the storage of pool '%s' on node '%s'.", b, p.Name, n).
				Because("two storage pools on the same storage would promise the same space twice").
				Fix("Use the existing pool, or other storage.")
		}
	}
	return nil
}

func ensureDefinition(tx *model.Tx, p string) {
	if _, ok := tx.PoolDefinitions.Get(p); !ok {
		tx.PutPoolDefinition(&model.PoolDefinition{Name: p, UUID: tx.NewUUID()})
	}
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.StoragePoolDefinitionModify)
	p, err := find(tx.World, r)
	if err != nil {
		return nil, err
	}
	if b, set := in.OverrideProps[model.KeyPoolBacking]; set && b != p.Props[model.KeyPoolBacking] && inUse(tx.World, p) > 0 {
		return nil, fault.New(v1.FailInUse, "Storage pool '%s' on node '%s' cannot be moved to '%s'.", p.Name, p.Node, b).
			Because("it holds volumes").Fix("Move or delete its volumes first.")
	}
	props, msgs, err := change.Props(prop.StoragePool, p.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	if err := checkBacking(p.Kind, props[model.KeyPoolBacking]); err != nil {
		return nil, err
	}
	next := *p
	next.Props = props
	tx.PutPool(&next)
	return append([]v1.ApiCallRc{object.Modified(show.PoolName(p.Node, p.Name), p.UUID, "Node", p.Node, "StorPoolDfn", p.Name)}, msgs...), nil
}

func inUse(w *model.World, p *model.Pool) int {
	n := 0
	for range w.ResourcesIn(p.Node, p.Name) {
		n++
	}
	return n
}

func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n, name := r.Param("node"), r.Param("storagepool")
	p, ok := tx.Pools.Get(n, name)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.PoolName(n, name), "Node", n, "StorPoolDfn", name)}, nil
	}
	if model.Key(p.Name) == model.Key(model.DefaultDisklessPool) {
		return nil, fault.New(v1.FailInUse, "The storage pool '%s' cannot be deleted.", p.Name).
			Because("every satellite has it").Fix("Nothing needs to be done.")
	}
	if used := inUse(tx.World, p); used > 0 {
		return nil, fault.New(v1.FailInUse, "Storage pool '%s' on node '%s' is in use.", p.Name, p.Node).
			Because("number of resources that have volumes in it: %d", used).
			Fix("Delete or move them first; 'volume list -s %s -n %s' shows them.", p.Name, p.Node)
	}
	if kept := snapshotting.In(tx.World, p.Node, p.Name); kept > 0 {
		return nil, fault.New(v1.FailInUse, "Storage pool '%s' on node '%s' is in use.", p.Name, p.Node).
			Because("number of snapshots that are kept in it: %d", kept).
			Fix("Delete them first; 'snapshot list -n %s' shows them.", p.Node)
	}
	tx.DeletePool(p.Node, p.Name)
	dropDefinition(tx, p.Name)
	return []v1.ApiCallRc{object.Deleted(show.PoolName(p.Node, p.Name), p.UUID, "Node", p.Node, "StorPoolDfn", p.Name)}, nil
}

// dropDefinition removes a definition that came with a pool and is of no use any more.
func dropDefinition(tx *model.Tx, p string) {
	d, ok := tx.PoolDefinitions.Get(p)
	if !ok || len(d.Props) > 0 || isDefault(p) {
		return
	}
	for o := range tx.Pools.All {
		if model.Key(o.Name) == model.Key(p) {
			return
		}
	}
	tx.DeletePoolDefinition(p)
}

func isDefault(p string) bool {
	return model.Key(p) == model.Key(model.DefaultPool) || model.Key(p) == model.Key(model.DefaultDisklessPool)
}
