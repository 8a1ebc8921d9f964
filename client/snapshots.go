package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// SnapshotService calls the endpoints of snapshots.
type SnapshotService struct{ c *Client }

// View gives all snapshots; filters: "nodes", "resources".
func (s *SnapshotService) View(ctx context.Context, opts ...Option) ([]v1.Snapshot, error) {
	return get[[]v1.Snapshot](ctx, s.c, path("view", "snapshots"), opts)
}

// List gives the snapshots of a resource.
func (s *SnapshotService) List(ctx context.Context, resource string, opts ...Option) ([]v1.Snapshot, error) {
	return get[[]v1.Snapshot](ctx, s.c, path("resource-definitions", resource, "snapshots"), opts)
}

// Get gives one snapshot.
func (s *SnapshotService) Get(ctx context.Context, resource, name string, opts ...Option) (v1.Snapshot, error) {
	return get[v1.Snapshot](ctx, s.c, path("resource-definitions", resource, "snapshots", name), opts)
}

// Create takes a snapshot.
func (s *SnapshotService) Create(ctx context.Context, resource string, n v1.Snapshot, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "snapshots"), n, opts)
}

// CreateMulti takes snapshots of several resources at one moment.
func (s *SnapshotService) CreateMulti(ctx context.Context, r v1.CreateMultiSnapshotRequest, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("actions", "snapshot", "multi"), r, opts)
}

// Modify changes properties.
func (s *SnapshotService) Modify(ctx context.Context, resource, name string, m v1.SnapshotModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "snapshots", name), m, opts)
}

// Delete removes a snapshot; Filter("nodes", …) limits it to nodes.
func (s *SnapshotService) Delete(ctx context.Context, resource, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-definitions", resource, "snapshots", name), nil, opts)
}

// RestoreResource makes a resource out of a snapshot.
func (s *SnapshotService) RestoreResource(ctx context.Context, resource, name string, r v1.SnapshotRestore, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "snapshot-restore-resource", name), r, opts)
}

// RestoreVolumeDefinition makes the volume definitions that a snapshot had.
func (s *SnapshotService) RestoreVolumeDefinition(ctx context.Context, resource, name string, r v1.SnapshotRestore, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "snapshot-restore-volume-definition", name), r, opts)
}

// Rollback takes a resource back to a snapshot.
func (s *SnapshotService) Rollback(ctx context.Context, resource, name string, r v1.SnapshotRollback, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "snapshot-rollback", name), r, opts)
}
