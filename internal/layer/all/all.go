// Package all lists the layers that a satellite can drive above its storage.
package all

import (
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/layer/bcache"
	"github.com/holdfast-storage/holdfast/internal/layer/cache"
	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
	"github.com/holdfast-storage/holdfast/internal/layer/filesystem"
	"github.com/holdfast-storage/holdfast/internal/layer/luks"
	"github.com/holdfast-storage/holdfast/internal/layer/nvme"
	"github.com/holdfast-storage/holdfast/internal/layer/qos"
	"github.com/holdfast-storage/holdfast/internal/layer/writecache"
)

// Layers is the list; a new layer is one line.
func Layers() []layer.Layer {
	return []layer.Layer{
		drbd.New(),
		writecache.New(),
		nvme.New(),
		cache.New(),
		bcache.New(),
		luks.New(),
	}
}

// Finishers lists what is done for a volume once its stack is up.
func Finishers() []layer.Finisher {
	return []layer.Finisher{
		filesystem.Finisher{},
		qos.Finisher{},
	}
}
