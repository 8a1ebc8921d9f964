package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// RemoteService calls the endpoints of remotes.
type RemoteService struct{ c *Client }

// List gives all remotes.
func (s *RemoteService) List(ctx context.Context, opts ...Option) (v1.RemoteList, error) {
	return get[v1.RemoteList](ctx, s.c, path("remotes"), opts)
}

// Delete removes a remote.
func (s *RemoteService) Delete(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("remotes"), nil, append(opts, Query("remote_name", name)))
}

// ListS3 gives the remotes of this kind.
func (s *RemoteService) ListS3(ctx context.Context, opts ...Option) ([]v1.S3Remote, error) {
	return get[[]v1.S3Remote](ctx, s.c, path("remotes", "s3"), opts)
}

// CreateS3 adds a remote of this kind.
func (s *RemoteService) CreateS3(ctx context.Context, r v1.S3Remote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", "s3"), r, opts)
}

// ModifyS3 changes a remote of this kind.
func (s *RemoteService) ModifyS3(ctx context.Context, name string, r v1.S3Remote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("remotes", "s3", name), r, opts)
}

// ListLinstor gives the remotes of this kind.
func (s *RemoteService) ListLinstor(ctx context.Context, opts ...Option) ([]v1.LinstorRemote, error) {
	return get[[]v1.LinstorRemote](ctx, s.c, path("remotes", "linstor"), opts)
}

// CreateLinstor adds a remote of this kind.
func (s *RemoteService) CreateLinstor(ctx context.Context, r v1.LinstorRemote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", "linstor"), r, opts)
}

// ModifyLinstor changes a remote of this kind.
func (s *RemoteService) ModifyLinstor(ctx context.Context, name string, r v1.LinstorRemote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("remotes", "linstor", name), r, opts)
}

// ListEbs gives the remotes of this kind.
func (s *RemoteService) ListEbs(ctx context.Context, opts ...Option) ([]v1.EbsRemote, error) {
	return get[[]v1.EbsRemote](ctx, s.c, path("remotes", "ebs"), opts)
}

// CreateEbs adds a remote of this kind.
func (s *RemoteService) CreateEbs(ctx context.Context, r v1.EbsRemote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("remotes", "ebs"), r, opts)
}

// ModifyEbs changes a remote of this kind.
func (s *RemoteService) ModifyEbs(ctx context.Context, name string, r v1.EbsRemote, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("remotes", "ebs", name), r, opts)
}
