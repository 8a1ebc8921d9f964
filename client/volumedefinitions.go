package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// VolumeDefinitionService calls the endpoints of volume definitions.
type VolumeDefinitionService struct{ c *Client }

// List gives the volume definitions of a resource.
func (s *VolumeDefinitionService) List(ctx context.Context, resource string, opts ...Option) ([]v1.VolumeDefinition, error) {
	return get[[]v1.VolumeDefinition](ctx, s.c, path("resource-definitions", resource, "volume-definitions"), opts)
}

// Get gives one volume definition.
func (s *VolumeDefinitionService) Get(ctx context.Context, resource string, nr int32, opts ...Option) (v1.VolumeDefinition, error) {
	return get[v1.VolumeDefinition](ctx, s.c, path("resource-definitions", resource, "volume-definitions", num(nr)), opts)
}

// Create adds a volume.
func (s *VolumeDefinitionService) Create(ctx context.Context, resource string, d v1.VolumeDefinitionCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-definitions", resource, "volume-definitions"), d, opts)
}

// Modify changes size, flags or properties.
func (s *VolumeDefinitionService) Modify(ctx context.Context, resource string, nr int32, m v1.VolumeDefinitionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "volume-definitions", num(nr)), m, opts)
}

// Delete removes a volume with its data.
func (s *VolumeDefinitionService) Delete(ctx context.Context, resource string, nr int32, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-definitions", resource, "volume-definitions", num(nr)), nil, opts)
}

// SetPassphrase changes the volume's own passphrase.
func (s *VolumeDefinitionService) SetPassphrase(ctx context.Context, resource string, nr int32, p v1.VolumeDefinitionModifyPassphrase, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "volume-definitions", num(nr), "encryption-passphrase"), p, opts)
}

// PropertiesInfo gives the properties that a volume definition may have.
func (s *VolumeDefinitionService) PropertiesInfo(ctx context.Context, resource string, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("resource-definitions", resource, "volume-definitions", "properties", "info"), opts)
}
