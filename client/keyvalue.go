package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// KeyValueService calls the endpoints of the key-value store.
type KeyValueService struct{ c *Client }

// List gives all instances.
func (s *KeyValueService) List(ctx context.Context, opts ...Option) ([]v1.KeyValueStore, error) {
	return get[[]v1.KeyValueStore](ctx, s.c, path("key-value-store"), opts)
}

// Get gives one instance.
func (s *KeyValueService) Get(ctx context.Context, instance string, opts ...Option) (v1.KeyValueStore, error) {
	return one[v1.KeyValueStore](ctx, s.c, path("key-value-store", instance), opts)
}

// Modify sets and removes keys; the instance is made when it does not exist.
func (s *KeyValueService) Modify(ctx context.Context, instance string, m v1.KeyValueStoreModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("key-value-store", instance), m, opts)
}

// Delete removes an instance.
func (s *KeyValueService) Delete(ctx context.Context, instance string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("key-value-store", instance), nil, opts)
}
