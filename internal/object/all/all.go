// Package all lists the API objects. A new object is one folder and one line here.
package all

import (
	"slices"

	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/connection"
	"github.com/holdfast-storage/holdfast/internal/object/controller"
	"github.com/holdfast-storage/holdfast/internal/object/encryption"
	"github.com/holdfast-storage/holdfast/internal/object/keyvalue"
	"github.com/holdfast-storage/holdfast/internal/object/node"
	"github.com/holdfast-storage/holdfast/internal/object/resource"
	"github.com/holdfast-storage/holdfast/internal/object/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/object/resourcegroup"
	"github.com/holdfast-storage/holdfast/internal/object/snapshot"
	"github.com/holdfast-storage/holdfast/internal/object/storagepool"
	"github.com/holdfast-storage/holdfast/internal/object/view"
)

// Routes is every call that is a pure function on the state.
func Routes() []object.Route {
	return slices.Concat(
		node.Routes(),
		storagepool.Routes(),
		resourcegroup.Routes(),
		resourcedefinition.Routes(),
		resource.Routes(),
		connection.Routes(),
		controller.Routes(),
		encryption.Routes(),
		snapshot.Routes(),
		keyvalue.Routes(),
		view.Routes(),
	)
}
