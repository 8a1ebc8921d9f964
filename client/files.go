package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// FileService calls the endpoints of external files.
type FileService struct{ c *Client }

// List gives all files; Query("content", "true") with content.
func (s *FileService) List(ctx context.Context, opts ...Option) ([]v1.ExternalFile, error) {
	return get[[]v1.ExternalFile](ctx, s.c, path("files"), opts)
}

// Get gives one file with its content in base64.
func (s *FileService) Get(ctx context.Context, file string, opts ...Option) (v1.ExternalFile, error) {
	return get[v1.ExternalFile](ctx, s.c, path("files", file), opts)
}

// Modify writes a file.
func (s *FileService) Modify(ctx context.Context, file string, f v1.ExternalFile, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("files", file), f, opts)
}

// Delete removes a file.
func (s *FileService) Delete(ctx context.Context, file string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("files", file), nil, opts)
}

// Check tells whether the node allows the path.
func (s *FileService) Check(ctx context.Context, file, node string, opts ...Option) (v1.ExtFileCheckResult, error) {
	return get[v1.ExtFileCheckResult](ctx, s.c, path("files", file, "check", node), opts)
}

// Status tells whether the node has the content.
func (s *FileService) Status(ctx context.Context, file, node string, opts ...Option) (v1.ExtFileStatusResult, error) {
	return get[v1.ExtFileStatusResult](ctx, s.c, path("files", file, "status", node), opts)
}
