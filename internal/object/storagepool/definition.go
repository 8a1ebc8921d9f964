package storagepool

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func definitionRoutes() []object.Route {
	const path = "/storage-pool-definitions"
	return []object.Route{
		{Method: "GET", Path: path, Read: listDefinitions},
		{Method: "GET", Path: path + "/{storagepool}", Read: getDefinition},
		{Method: "POST", Path: path, Success: 201, Mask: v1.MaskStoragePoolDefinition | v1.MaskCreate, Body: object.New[v1.StoragePoolDefinition], Write: createDefinition},
		{Method: "PUT", Path: path + "/{storagepool}", Mask: v1.MaskStoragePoolDefinition | v1.MaskModify, Body: object.New[v1.StoragePoolDefinitionModify], Write: modifyDefinition},
		{Method: "DELETE", Path: path + "/{storagepool}", Mask: v1.MaskStoragePoolDefinition | v1.MaskDelete, Write: removeDefinition},
		{Method: "GET", Path: path + "/properties/info", Read: object.Infos(prop.StoragePoolDefinition)},
	}
}

func listDefinitions(w *model.World, r *object.Request) (any, error) {
	out := []v1.StoragePoolDefinition{}
	for p := range w.PoolDefinitions.All {
		out = append(out, show.PoolDefinition(p))
	}
	return object.Page(r, out), nil
}

func findDefinition(w *model.World, p string) (*model.PoolDefinition, error) {
	if got, ok := w.PoolDefinitions.Get(p); ok {
		return got, nil
	}
	return nil, object.NotFound(v1.FailNotFoundStoragePoolDefinition, show.PoolDefinitionName(p), "StorPoolDfn", p)
}

func getDefinition(w *model.World, r *object.Request) (any, error) {
	p, err := findDefinition(w, r.Param("storagepool"))
	if err != nil {
		return nil, err
	}
	return show.PoolDefinition(p), nil
}

func createDefinition(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.StoragePoolDefinition)
	if f := name.CheckStoragePool(in.StoragePoolName); f != nil {
		return nil, f
	}
	if _, ok := tx.PoolDefinitions.Get(in.StoragePoolName); ok {
		return nil, object.Exists(v1.FailExistsStoragePoolDefinition, show.PoolDefinitionName(in.StoragePoolName))
	}
	props, _, err := change.Props(prop.StoragePoolDefinition, nil, in.Props, nil, nil)
	if err != nil {
		return nil, err
	}
	p := &model.PoolDefinition{Name: in.StoragePoolName, UUID: tx.NewUUID(), Props: props}
	tx.PutPoolDefinition(p)
	return []v1.ApiCallRc{object.Created(show.PoolDefinitionName(p.Name), p.UUID, "StorPoolDfn", p.Name)}, nil
}

func modifyDefinition(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.StoragePoolDefinitionModify)
	p, err := findDefinition(tx.World, r.Param("storagepool"))
	if err != nil {
		return nil, err
	}
	props, msgs, err := change.Props(prop.StoragePoolDefinition, p.Props, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
	if err != nil {
		return nil, err
	}
	next := *p
	next.Props = props
	tx.PutPoolDefinition(&next)
	return append([]v1.ApiCallRc{object.Modified(show.PoolDefinitionName(p.Name), p.UUID, "StorPoolDfn", p.Name)}, msgs...), nil
}

func removeDefinition(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n := r.Param("storagepool")
	p, ok := tx.PoolDefinitions.Get(n)
	if !ok {
		return []v1.ApiCallRc{object.Missing(show.PoolDefinitionName(n), "StorPoolDfn", n)}, nil
	}
	for o := range tx.Pools.All {
		if model.Key(o.Name) == model.Key(n) {
			return nil, fault.New(v1.FailInUse, "Storage pool definition '%s' is in use.", p.Name).
				Because("node '%s' has a storage pool of that name", o.Node).Fix("Delete the storage pools first.")
		}
	}
	if isDefault(n) {
		return nil, fault.New(v1.FailInUse, "Storage pool definition '%s' cannot be deleted.", p.Name).
			Because("every cluster has it").Fix("Nothing needs to be done.")
	}
	tx.DeletePoolDefinition(n)
	return []v1.ApiCallRc{object.Deleted(show.PoolDefinitionName(p.Name), p.UUID, "StorPoolDfn", p.Name)}, nil
}
