package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// DoctorService asks what is wrong with replicated resources, and joins their nodes.
type DoctorService struct{ c *Client }

// List gives a diagnosis of every replicated resource; Filter with "resources" narrows
// the list.
func (s *DoctorService) List(ctx context.Context, opts ...Option) ([]v1.Diagnosis, error) {
	return get[[]v1.Diagnosis](ctx, s.c, path("doctor"), opts)
}

// Get gives the diagnosis of one resource; all of its nodes are asked.
func (s *DoctorService) Get(ctx context.Context, resource string, opts ...Option) (v1.Diagnosis, error) {
	return get[v1.Diagnosis](ctx, s.c, path("resource-definitions", resource, "doctor"), opts)
}

// Order joins the nodes of a resource again.
func (s *DoctorService) Order(ctx context.Context, resource string, o v1.DoctorOrder, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-definitions", resource, "doctor"), o, opts)
}
