package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// NodeService calls the endpoints of nodes and their network interfaces.
type NodeService struct{ c *Client }

// List gives all nodes; filters: "nodes", "props".
func (s *NodeService) List(ctx context.Context, opts ...Option) ([]v1.Node, error) {
	return get[[]v1.Node](ctx, s.c, path("nodes"), opts)
}

// Get gives one node.
func (s *NodeService) Get(ctx context.Context, name string, opts ...Option) (v1.Node, error) {
	return get[v1.Node](ctx, s.c, path("nodes", name), opts)
}

// Create registers a node.
func (s *NodeService) Create(ctx context.Context, node v1.Node, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("nodes"), node, opts)
}

// CreateEbs registers an EBS target.
func (s *NodeService) CreateEbs(ctx context.Context, node v1.NodeCreateEbs, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("nodes", "ebs"), node, opts)
}

// Modify changes type and properties.
func (s *NodeService) Modify(ctx context.Context, name string, m v1.NodeModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name), m, opts)
}

// Delete removes a node after its resources are gone from it.
func (s *NodeService) Delete(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("nodes", name), nil, opts)
}

// Lost forgets a node that will never come back.
func (s *NodeService) Lost(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("nodes", name, "lost"), nil, opts)
}

// Reconnect drops the connection to the node's satellite and makes a new one.
func (s *NodeService) Reconnect(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name, "reconnect"), nil, opts)
}

// Restore takes an evicted or evacuating node back.
func (s *NodeService) Restore(ctx context.Context, name string, r v1.NodeRestore, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name, "restore"), r, opts)
}

// Evacuate moves everything away from the node.
func (s *NodeService) Evacuate(ctx context.Context, name string, e v1.NodeEvacuate, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name, "evacuate"), e, opts)
}

// Evict declares an offline node as failed and replaces its resources.
func (s *NodeService) Evict(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name, "evict"), nil, opts)
}

// Config gives the satellite's configuration.
func (s *NodeService) Config(ctx context.Context, name string, opts ...Option) (v1.SatelliteConfig, error) {
	return get[v1.SatelliteConfig](ctx, s.c, path("nodes", name, "config"), opts)
}

// SetConfig changes the satellite's log levels.
func (s *NodeService) SetConfig(ctx context.Context, name string, cfg v1.SatelliteConfig, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", name, "config"), cfg, opts)
}

// Interfaces gives the node's network interfaces.
func (s *NodeService) Interfaces(ctx context.Context, node string, opts ...Option) ([]v1.NetInterface, error) {
	return get[[]v1.NetInterface](ctx, s.c, path("nodes", node, "net-interfaces"), opts)
}

// Interface gives one network interface.
func (s *NodeService) Interface(ctx context.Context, node, name string, opts ...Option) (v1.NetInterface, error) {
	return get[v1.NetInterface](ctx, s.c, path("nodes", node, "net-interfaces", name), opts)
}

// CreateInterface adds a network interface.
func (s *NodeService) CreateInterface(ctx context.Context, node string, i v1.NetInterface, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("nodes", node, "net-interfaces"), i, opts)
}

// ModifyInterface changes a network interface.
func (s *NodeService) ModifyInterface(ctx context.Context, node, name string, i v1.NetInterface, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("nodes", node, "net-interfaces", name), i, opts)
}

// DeleteInterface removes a network interface.
func (s *NodeService) DeleteInterface(ctx context.Context, node, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("nodes", node, "net-interfaces", name), nil, opts)
}

// PropertiesInfo gives the properties that a node may have.
func (s *NodeService) PropertiesInfo(ctx context.Context, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("nodes", "properties", "info"), opts)
}
