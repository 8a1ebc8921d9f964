package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// BackupService calls the endpoints of backups on a remote.
type BackupService struct{ c *Client }

// List gives the backups; queries: "rsc_name", "snap_name".
func (s *BackupService) List(ctx context.Context, remote string, opts ...Option) (v1.BackupList, error) {
	return get[v1.BackupList](ctx, s.c, path("remotes", remote, "backups"), opts)
}

// Create starts a backup.
func (s *BackupService) Create(ctx context.Context, remote string, b v1.BackupCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", remote, "backups"), b, opts)
}

// Delete removes the backups that the queries select: "id", "id_prefix", "timestamp", "resource_name", "node_name", "all", "all_local_cluster", "s3key", with "cascading", "dryrun", "keep_snaps".
func (s *BackupService) Delete(ctx context.Context, remote string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("remotes", remote, "backups"), nil, opts)
}

// Restore starts to restore a backup.
func (s *BackupService) Restore(ctx context.Context, remote string, r v1.BackupRestore, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", remote, "backups", "restore"), r, opts)
}

// Abort stops a running backup or restore.
func (s *BackupService) Abort(ctx context.Context, remote string, a v1.BackupAbort, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", remote, "backups", "abort"), a, opts)
}

// Ship starts to ship a resource to another cluster.
func (s *BackupService) Ship(ctx context.Context, remote string, b v1.BackupShip, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", remote, "backups", "ship"), b, opts)
}

// Info gives sizes of a backup and whether it fits.
func (s *BackupService) Info(ctx context.Context, remote string, r v1.BackupInfoRequest, opts ...Option) (v1.BackupInfo, error) {
	return ask[v1.BackupInfo](ctx, s.c, http.MethodPost, path("remotes", remote, "backups", "info"), r, opts)
}

// Queue gives waiting shipments; filters: "nodes", "snapshots", "resources", "remotes"; query "snap_to_node".
func (s *BackupService) Queue(ctx context.Context, opts ...Option) (v1.BackupQueues, error) {
	return get[v1.BackupQueues](ctx, s.c, path("view", "backup", "queue"), opts)
}

// EnableSchedule backs up by a schedule.
func (s *BackupService) EnableSchedule(ctx context.Context, remote, schedule string, b v1.BackupSchedule, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("remotes", remote, "backups", "schedule", schedule, "enable"), b, opts)
}

// DisableSchedule stops backing up by a schedule.
func (s *BackupService) DisableSchedule(ctx context.Context, remote, schedule string, b v1.BackupSchedule, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("remotes", remote, "backups", "schedule", schedule, "disable"), b, opts)
}

// DeleteSchedule forgets the choice; queries: "rsc_dfn_name", "rsc_grp_name".
func (s *BackupService) DeleteSchedule(ctx context.Context, remote, schedule string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("remotes", remote, "backups", "schedule", schedule, "delete"), nil, opts)
}
