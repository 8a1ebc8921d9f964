// Package all is the list of the CLI's objects. A new object is one line here.
package all

import (
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/advise"
	"github.com/holdfast-storage/holdfast/internal/cli/backup"
	"github.com/holdfast-storage/holdfast/internal/cli/builtin"
	"github.com/holdfast-storage/holdfast/internal/cli/connection"
	"github.com/holdfast-storage/holdfast/internal/cli/controller"
	"github.com/holdfast-storage/holdfast/internal/cli/doctor"
	"github.com/holdfast-storage/holdfast/internal/cli/drbdproxy"
	"github.com/holdfast-storage/holdfast/internal/cli/encryption"
	"github.com/holdfast-storage/holdfast/internal/cli/errorreport"
	"github.com/holdfast-storage/holdfast/internal/cli/explain"
	"github.com/holdfast-storage/holdfast/internal/cli/file"
	"github.com/holdfast-storage/holdfast/internal/cli/keyvalue"
	"github.com/holdfast-storage/holdfast/internal/cli/node"
	"github.com/holdfast-storage/holdfast/internal/cli/physicalstorage"
	"github.com/holdfast-storage/holdfast/internal/cli/remote"
	"github.com/holdfast-storage/holdfast/internal/cli/resource"
	"github.com/holdfast-storage/holdfast/internal/cli/resourcedefinition"
	"github.com/holdfast-storage/holdfast/internal/cli/resourcegroup"
	"github.com/holdfast-storage/holdfast/internal/cli/schedule"
	"github.com/holdfast-storage/holdfast/internal/cli/snapshot"
	"github.com/holdfast-storage/holdfast/internal/cli/sosreport"
	"github.com/holdfast-storage/holdfast/internal/cli/storagepool"
	"github.com/holdfast-storage/holdfast/internal/cli/volume"
	"github.com/holdfast-storage/holdfast/internal/cli/volumedefinition"
	"github.com/holdfast-storage/holdfast/internal/cli/watch"
)

// Commands are all objects.
func Commands() []*cli.Command {
	return append(builtin.Commands(),
		controller.Command(),
		node.Command(),
		connection.NodeCommand(),
		resourcedefinition.Command(),
		resourcegroup.Command(),
		resourcegroup.VolumeGroupCommand(),
		resource.Command(),
		connection.ResourceCommand(),
		volume.Command(),
		snapshot.Command(),
		storagepool.Command(),
		volumedefinition.Command(),
		physicalstorage.Command(),
		errorreport.Command(),
		encryption.Command(),
		keyvalue.Command(),
		advise.Command(),
		backup.Command(),
		remote.Command(),
		schedule.Command(),
		file.Command(),
		sosreport.Command(),
		sosreport.SpaceCommand(),
		drbdproxy.Command(),
		explain.Command(),
		doctor.Command(),
		watch.Command(),
	)
}
