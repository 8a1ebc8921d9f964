package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// StoragePoolService calls the endpoints of storage pools and their definitions.
type StoragePoolService struct{ c *Client }

// View gives the pools of all nodes; filters: "nodes", "storage_pools", "props".
func (s *StoragePoolService) View(ctx context.Context, opts ...Option) ([]v1.StoragePool, error) {
	return get[[]v1.StoragePool](ctx, s.c, path("view", "storage-pools"), opts)
}

// List gives the pools of one node.
func (s *StoragePoolService) List(ctx context.Context, node string, opts ...Option) ([]v1.StoragePool, error) {
	return get[[]v1.StoragePool](ctx, s.c, path("nodes", node, "storage-pools"), opts)
}

// Get gives one pool.
func (s *StoragePoolService) Get(ctx context.Context, node, name string, opts ...Option) (v1.StoragePool, error) {
	return get[v1.StoragePool](ctx, s.c, path("nodes", node, "storage-pools", name), opts)
}

// Create adds a pool; only name, provider, properties, free space manager and external locking are sent.
func (s *StoragePoolService) Create(ctx context.Context, node string, p v1.StoragePool, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("nodes", node, "storage-pools"), storagePoolCreate{p.StoragePoolName, p.ProviderKind, p.Props, p.FreeSpaceMgrName, p.ExternalLocking}, opts)
}

// Modify changes properties.
func (s *StoragePoolService) Modify(ctx context.Context, node, name string, m v1.StoragePoolDefinitionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", node, "storage-pools", name), m, opts)
}

// Delete removes a pool; the volume group or zpool stays.
func (s *StoragePoolService) Delete(ctx context.Context, node, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("nodes", node, "storage-pools", name), nil, opts)
}

// storagePoolCreate leaves out what only an answer carries.
type storagePoolCreate struct {
	StoragePoolName  string            `json:"storage_pool_name"`
	ProviderKind     v1.ProviderKind   `json:"provider_kind"`
	Props            map[string]string `json:"props,omitempty"`
	FreeSpaceMgrName string            `json:"free_space_mgr_name,omitempty"`
	ExternalLocking  bool              `json:"external_locking,omitempty"`
}

// Definitions gives all storage pool definitions.
func (s *StoragePoolService) Definitions(ctx context.Context, opts ...Option) ([]v1.StoragePoolDefinition, error) {
	return get[[]v1.StoragePoolDefinition](ctx, s.c, path("storage-pool-definitions"), opts)
}

// Definition gives one storage pool definition.
func (s *StoragePoolService) Definition(ctx context.Context, name string, opts ...Option) (v1.StoragePoolDefinition, error) {
	return get[v1.StoragePoolDefinition](ctx, s.c, path("storage-pool-definitions", name), opts)
}

// CreateDefinition adds a storage pool definition.
func (s *StoragePoolService) CreateDefinition(ctx context.Context, d v1.StoragePoolDefinition, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("storage-pool-definitions"), d, opts)
}

// ModifyDefinition changes properties of a definition.
func (s *StoragePoolService) ModifyDefinition(ctx context.Context, name string, m v1.StoragePoolDefinitionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("storage-pool-definitions", name), m, opts)
}

// DeleteDefinition removes an unused definition.
func (s *StoragePoolService) DeleteDefinition(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("storage-pool-definitions", name), nil, opts)
}

// PropertiesInfo gives the properties that a pool may have.
func (s *StoragePoolService) PropertiesInfo(ctx context.Context, node string, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("nodes", node, "storage-pools", "properties", "info"), opts)
}
