package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ResourceService calls the endpoints of resources and their volumes.
type ResourceService struct{ c *Client }

// View gives the resources of all nodes with volumes; filters: "nodes", "resources", "storage_pools", "props".
func (s *ResourceService) View(ctx context.Context, opts ...Option) ([]v1.ResourceWithVolumes, error) {
	return get[[]v1.ResourceWithVolumes](ctx, s.c, path("view", "resources"), opts)
}

// List gives the resources of a definition.
func (s *ResourceService) List(ctx context.Context, resource string, opts ...Option) ([]v1.Resource, error) {
	return get[[]v1.Resource](ctx, s.c, path("resource-definitions", resource, "resources"), opts)
}

// Get gives one resource.
func (s *ResourceService) Get(ctx context.Context, resource, node string, opts ...Option) (v1.Resource, error) {
	return get[v1.Resource](ctx, s.c, path("resource-definitions", resource, "resources", node), opts)
}

// Create deploys on several nodes at once.
func (s *ResourceService) Create(ctx context.Context, resource string, r []v1.ResourceCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "resources"), r, opts)
}

// CreateOn deploys on one node.
func (s *ResourceService) CreateOn(ctx context.Context, resource, node string, r v1.ResourceCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "resources", node), r, opts)
}

// Modify changes properties.
func (s *ResourceService) Modify(ctx context.Context, resource, node string, m v1.ResourceModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "resources", node), m, opts)
}

// Delete removes a replica with its data.
func (s *ResourceService) Delete(ctx context.Context, resource, node string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-definitions", resource, "resources", node), nil, opts)
}

// Autoplace places replicas until there are enough.
func (s *ResourceService) Autoplace(ctx context.Context, resource string, r v1.AutoPlaceRequest, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "autoplace"), r, opts)
}

// MakeAvailable makes the data usable on the node, diskless if that is enough.
func (s *ResourceService) MakeAvailable(ctx context.Context, resource, node string, r v1.ResourceMakeAvailable, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "resources", node, "make-available"), r, opts)
}

// Activate brings an inactive resource up.
func (s *ResourceService) Activate(ctx context.Context, resource, node string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "resources", node, "activate"), nil, opts)
}

// Deactivate takes a resource down; it keeps its data.
func (s *ResourceService) Deactivate(ctx context.Context, resource, node string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "resources", node, "deactivate"), nil, opts)
}

// ToggleDisk adds or removes the disk of a replica.
func (s *ResourceService) ToggleDisk(ctx context.Context, resource, node string, r v1.ToggleDiskRequest, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "resources", node, "toggle-disk"), r, opts)
}

// ToggleDiskful gives the replica a disk in the pool, or in the default one, by the
// call that older controllers know too.
func (s *ResourceService) ToggleDiskful(ctx context.Context, resource, node, pool string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, optional(path("resource-definitions", resource, "resources", node, "toggle-disk", "diskful"), pool), nil, opts)
}

// ToggleDiskless takes the replica's disk, by the call that older controllers know
// too.
func (s *ResourceService) ToggleDiskless(ctx context.Context, resource, node, pool string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, optional(path("resource-definitions", resource, "resources", node, "toggle-disk", "diskless"), pool), nil, opts)
}

// MigrateDisk moves the disk of another node's replica to this one.
func (s *ResourceService) MigrateDisk(ctx context.Context, resource, node, from, pool string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, optional(path("resource-definitions", resource, "resources", node, "migrate-disk", from), pool), nil, opts)
}

// Volumes gives the volumes of a resource.
func (s *ResourceService) Volumes(ctx context.Context, resource, node string, opts ...Option) ([]v1.Volume, error) {
	return get[[]v1.Volume](ctx, s.c, path("resource-definitions", resource, "resources", node, "volumes"), opts)
}

// Volume gives one volume.
func (s *ResourceService) Volume(ctx context.Context, resource, node string, nr int32, opts ...Option) (v1.Volume, error) {
	return get[v1.Volume](ctx, s.c, path("resource-definitions", resource, "resources", node, "volumes", num(nr)), opts)
}

// ModifyVolume changes a volume's properties.
func (s *ResourceService) ModifyVolume(ctx context.Context, resource, node string, nr int32, m v1.VolumeModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "resources", node, "volumes", num(nr)), m, opts)
}

// PropertiesInfo gives the properties that a resource may have.
func (s *ResourceService) PropertiesInfo(ctx context.Context, resource string, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("resource-definitions", resource, "resources", "properties", "info"), opts)
}
