package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ResourceDefinitionService calls the endpoints of resource definitions.
type ResourceDefinitionService struct{ c *Client }

// List gives all definitions; filters: "resource_definitions", "props".
func (s *ResourceDefinitionService) List(ctx context.Context, opts ...Option) ([]v1.ResourceDefinition, error) {
	return get[[]v1.ResourceDefinition](ctx, s.c, path("resource-definitions"), opts)
}

// Get gives one definition.
func (s *ResourceDefinitionService) Get(ctx context.Context, name string, opts ...Option) (v1.ResourceDefinition, error) {
	return get[v1.ResourceDefinition](ctx, s.c, path("resource-definitions", name), opts)
}

// Create adds a definition.
func (s *ResourceDefinitionService) Create(ctx context.Context, d v1.ResourceDefinitionCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions"), d, opts)
}

// Modify changes a definition.
func (s *ResourceDefinitionService) Modify(ctx context.Context, name string, m v1.ResourceDefinitionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", name), m, opts)
}

// Delete removes a definition with all its resources and their data.
func (s *ResourceDefinitionService) Delete(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-definitions", name), nil, opts)
}

// Clone starts a copy of a resource; CloneStatus tells when it is done.
func (s *ResourceDefinitionService) Clone(ctx context.Context, source string, r v1.ResourceDefinitionCloneRequest, opts ...Option) (v1.ResourceDefinitionCloneStarted, error) {
	return ask[v1.ResourceDefinitionCloneStarted](ctx, s.c, http.MethodPost, path("resource-definitions", source, "clone"), r, opts)
}

// PlanClone gives what Clone would do.
func (s *ResourceDefinitionService) PlanClone(ctx context.Context, source string, r v1.ResourceDefinitionCloneRequest, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", source, "clone"), r, append(opts, DryRun()))
}

// CloneStatus tells how far a clone is.
func (s *ResourceDefinitionService) CloneStatus(ctx context.Context, source, clone string, opts ...Option) (v1.ResourceDefinitionCloneStatus, error) {
	return get[v1.ResourceDefinitionCloneStatus](ctx, s.c, path("resource-definitions", source, "clone", clone), opts)
}

// SyncStatus tells whether all replicas are up to date.
func (s *ResourceDefinitionService) SyncStatus(ctx context.Context, name string, opts ...Option) (v1.ResourceDefinitionSyncStatus, error) {
	return get[v1.ResourceDefinitionSyncStatus](ctx, s.c, path("resource-definitions", name, "sync-status"), opts)
}

// DeployFile writes an external file where the resource is.
func (s *ResourceDefinitionService) DeployFile(ctx context.Context, name, file string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", name, "files", file), nil, opts)
}

// UndeployFile takes an external file away.
func (s *ResourceDefinitionService) UndeployFile(ctx context.Context, name, file string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-definitions", name, "files", file), nil, opts)
}

// PropertiesInfo gives the properties that a definition may have.
func (s *ResourceDefinitionService) PropertiesInfo(ctx context.Context, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("resource-definitions", "properties", "info"), opts)
}

// EnableProxy puts a DRBD proxy between two nodes.
func (s *ResourceDefinitionService) EnableProxy(ctx context.Context, name, nodeA, nodeB string, e v1.DrbdProxyEnable, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", name, "drbd-proxy", "enable", nodeA, nodeB), e, opts)
}

// DisableProxy takes the DRBD proxy away.
func (s *ResourceDefinitionService) DisableProxy(ctx context.Context, name, nodeA, nodeB string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", name, "drbd-proxy", "disable", nodeA, nodeB), nil, opts)
}

// ModifyProxy changes proxy options.
func (s *ResourceDefinitionService) ModifyProxy(ctx context.Context, name string, m v1.DrbdProxyModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", name, "drbd-proxy"), m, opts)
}
