package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ConnectionService calls the endpoints of node and resource connections.
type ConnectionService struct{ c *Client }

// Nodes gives node connections; filters: "node_a", "node_b".
func (s *ConnectionService) Nodes(ctx context.Context, opts ...Option) ([]v1.NodeConnection, error) {
	return get[[]v1.NodeConnection](ctx, s.c, path("node-connections"), opts)
}

// ModifyNodes changes properties between two nodes.
func (s *ConnectionService) ModifyNodes(ctx context.Context, nodeA, nodeB string, m v1.NodeConnectionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("node-connections", nodeA, nodeB), m, opts)
}

// Resources gives the connections of a resource.
func (s *ConnectionService) Resources(ctx context.Context, resource string, opts ...Option) ([]v1.ResourceConnection, error) {
	return get[[]v1.ResourceConnection](ctx, s.c, path("resource-definitions", resource, "resource-connections"), opts)
}

// Resource gives one connection.
func (s *ConnectionService) Resource(ctx context.Context, resource, nodeA, nodeB string, opts ...Option) (v1.ResourceConnection, error) {
	return get[v1.ResourceConnection](ctx, s.c, path("resource-definitions", resource, "resource-connections", nodeA, nodeB), opts)
}

// ModifyResource changes properties of one connection.
func (s *ConnectionService) ModifyResource(ctx context.Context, resource, nodeA, nodeB string, m v1.ResourceConnectionModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "resource-connections", nodeA, nodeB), m, opts)
}
