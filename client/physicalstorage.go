package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// PhysicalStorageService calls the endpoints of unused block devices.
type PhysicalStorageService struct{ c *Client }

// List gives the unused devices of all nodes, grouped by size.
func (s *PhysicalStorageService) List(ctx context.Context, opts ...Option) ([]v1.PhysicalStorage, error) {
	return get[[]v1.PhysicalStorage](ctx, s.c, path("physical-storage"), opts)
}

// ListNode gives the unused devices of one node.
func (s *PhysicalStorageService) ListNode(ctx context.Context, node string, opts ...Option) ([]v1.PhysicalStorageNode, error) {
	return get[[]v1.PhysicalStorageNode](ctx, s.c, path("physical-storage", node), opts)
}

// Create makes a device pool, and a storage pool on it if asked for.
func (s *PhysicalStorageService) Create(ctx context.Context, node string, p v1.PhysicalStorageCreate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("physical-storage", node), p, opts)
}
