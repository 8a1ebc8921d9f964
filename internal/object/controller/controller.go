// Package controller is the API of the controller's own properties.
package controller

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/change"
)

// Routes lists the calls of the object.
func Routes() []object.Route {
	return []object.Route{
		{Method: "GET", Path: "/controller/properties", Read: list},
		{Method: "POST", Path: "/controller/properties", Success: 201, Mask: v1.MaskControllerConfig | v1.MaskModify, Body: object.New[v1.ControllerPropsModify], Write: modify},
		{Method: "DELETE", Path: "/controller/properties/{key...}", Mask: v1.MaskControllerConfig | v1.MaskDelete, Write: remove},
		{Method: "GET", Path: "/controller/properties/info", Read: object.Infos(prop.Controller)},
		{Method: "GET", Path: "/controller/properties/info/all", Read: all},
	}
}

func list(w *model.World, _ *object.Request) (any, error) {
	if p := w.Props(); p != nil {
		return p, nil
	}
	return map[string]string{}, nil
}

func all(*model.World, *object.Request) (any, error) {
	out := map[string]map[string]v1.PropsInfo{}
	for _, c := range prop.Classes() {
		out[string(c)] = prop.Infos(c)
	}
	return out, nil
}

func modify(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	in := r.Body.(*v1.ControllerPropsModify)
	return set(tx, in.OverrideProps, in.DeleteProps, in.DeleteNamespaces)
}

func remove(tx *model.Tx, r *object.Request) ([]v1.ApiCallRc, error) {
	return set(tx, nil, []string{r.Param("key")}, nil)
}

func set(tx *model.Tx, override map[string]string, keys, namespaces []string) ([]v1.ApiCallRc, error) {
	props, msgs, err := change.Props(prop.Controller, tx.Props(), override, keys, namespaces)
	if err != nil {
		return nil, err
	}
	tx.SetController(&model.Controller{Props: props})
	if len(msgs) == 0 {
		msgs = append(msgs, object.Info(v1.Modified, "Controller properties are unchanged."))
	}
	return msgs, nil
}
