// Package keyvalue is the API of the key-value stores that plugins keep data in.
package keyvalue

import (
	"maps"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/name"
	"github.com/holdfast-storage/holdfast/internal/object"
)

// Routes lists the calls of the object.
func Routes() []object.Route {
	const path = "/key-value-store"
	return []object.Route{
		{Method: "GET", Path: path, Read: list},
		{Method: "GET", Path: path + "/{instance}", Read: get},
		{Method: "PUT", Path: path + "/{instance}", Mask: v1.MaskControllerConfig | v1.MaskModify, Body: object.New[v1.KeyValueStoreModify], Write: modify, NoWait: true},
		{Method: "DELETE", Path: path + "/{instance}", Mask: v1.MaskControllerConfig | v1.MaskDelete, Write: remove, NoWait: true},
	}
}

func inline(n string) string { return "key-value store '" + n + "'" }

func list(w *model.World, _ *object.Request) (any, error) {
	out := []v1.KeyValueStore{}
	for k := range w.KeyValueStores.All {
		out = append(out, v1.KeyValueStore{Name: k.Name, Props: k.Props})
	}
	return out, nil
}

// get answers a list of one, as the API has it.
func get(w *model.World, r *object.Request) (any, error) {
	n := r.Param("instance")
	k, ok := w.KeyValueStores.Get(n)
	if !ok {
		return nil, object.NotFound(v1.FailNotFoundKVS, inline(n), "KVS", n)
	}
	return []v1.KeyValueStore{{Name: k.Name, Props: k.Props}}, nil
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in, n := r.Body.(*v1.KeyValueStoreModify), r.Param("instance")
	if f := name.CheckKeyValueStore(n); f != nil {
		return nil, f
	}
	next := &model.KeyValueStore{Name: n, Props: map[string]string{}}
	if old, ok := tx.KeyValueStores.Get(n); ok {
		next.Name = old.Name
		maps.Copy(next.Props, old.Props)
	}
	for k := range in.OverrideProps {
		if strings.Trim(k, "/") == "" {
			return nil, fault.New(v1.FailInvalidProp, "A key of %s is empty.", inline(n)).
				Because("field 'override_props' has an empty key").Fix("Give every entry a key.")
		}
	}
	for _, k := range in.DeleteProps {
		delete(next.Props, k)
	}
	for _, ns := range in.DeleteNamespaces {
		maps.DeleteFunc(next.Props, func(k, _ string) bool { return strings.HasPrefix(k, strings.TrimSuffix(ns, "/")+"/") })
	}
	maps.Copy(next.Props, in.OverrideProps)
	if len(next.Props) == 0 {
		tx.DeleteKeyValueStore(n)
	} else {
		tx.PutKeyValueStore(next)
	}
	return []v1.ApiCallRc{{RetCode: v1.Modified, Message: "Successfully updated " + inline(next.Name) + ".", ObjRefs: map[string]string{"KVS": next.Name}}}, nil
}

func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	n := r.Param("instance")
	if _, ok := tx.KeyValueStores.Get(n); !ok {
		return []v1.ApiCallRc{object.Missing(inline(n), "KVS", n)}, nil
	}
	tx.DeleteKeyValueStore(n)
	return []v1.ApiCallRc{{RetCode: v1.Deleted, Message: "Successfully deleted " + inline(n) + ".", ObjRefs: map[string]string{"KVS": n}}}, nil
}
