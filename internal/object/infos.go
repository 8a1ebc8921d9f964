package object

import (
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
)

// Infos is the Read of a properties/info call.
func Infos(class prop.Class) func(*model.World, *Request) (any, error) {
	return func(*model.World, *Request) (any, error) { return prop.Infos(class), nil }
}
