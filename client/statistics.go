package client

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// StatisticsService calls the counting endpoints.
type StatisticsService struct{ c *Client }

// Nodes counts them.
func (s *StatisticsService) Nodes(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "nodes", opts)
}

// ResourceDefinitions counts them.
func (s *StatisticsService) ResourceDefinitions(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "resource-definitions", opts)
}

// ResourceGroups counts them.
func (s *StatisticsService) ResourceGroups(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "resource-groups", opts)
}

// Resources counts them.
func (s *StatisticsService) Resources(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "resources", opts)
}

// StoragePools counts them.
func (s *StatisticsService) StoragePools(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "storage-pools", opts)
}

// ErrorReports counts them.
func (s *StatisticsService) ErrorReports(ctx context.Context, opts ...Option) (int64, error) {
	return count(ctx, s.c, "error-reports", opts)
}

func count(ctx context.Context, c *Client, kind string, opts []Option) (int64, error) {
	n, err := get[v1.NodeStats](ctx, c, path("stats", kind), opts)
	return n.Count, err
}
