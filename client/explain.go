package client

import (
	"context"
	"encoding/json"
)

// ExplainService asks the controller why things are as they are.
type ExplainService struct{ c *Client }

// Resource gives rows about one resource.
func (s *ExplainService) Resource(ctx context.Context, name string, opts ...Option) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, s.c, path("explain", "resources", name), opts)
}

// Node gives rows about one node.
func (s *ExplainService) Node(ctx context.Context, name string, opts ...Option) (json.RawMessage, error) {
	return get[json.RawMessage](ctx, s.c, path("explain", "nodes", name), opts)
}
