package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ScheduleService calls the endpoints of backup schedules.
type ScheduleService struct{ c *Client }

// List gives all schedules.
func (s *ScheduleService) List(ctx context.Context, opts ...Option) (v1.ScheduleList, error) {
	return get[v1.ScheduleList](ctx, s.c, path("schedules"), opts)
}

// Create adds a schedule.
func (s *ScheduleService) Create(ctx context.Context, d v1.Schedule, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("schedules"), d, opts)
}

// Modify changes a schedule.
func (s *ScheduleService) Modify(ctx context.Context, name string, m v1.ScheduleModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("schedules", name), m, opts)
}

// Delete removes a schedule.
func (s *ScheduleService) Delete(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("schedules", name), nil, opts)
}

// ByResource gives what is planned; queries: "rsc", "remote", "schedule", "active-only".
func (s *ScheduleService) ByResource(ctx context.Context, opts ...Option) (v1.ScheduledRscsList, error) {
	return get[v1.ScheduledRscsList](ctx, s.c, path("view", "schedules-by-resource"), opts)
}

// ByResourceDetails gives where a resource's schedules are set.
func (s *ScheduleService) ByResourceDetails(ctx context.Context, resource string, opts ...Option) (v1.ScheduleDetailsList, error) {
	return get[v1.ScheduleDetailsList](ctx, s.c, path("view", "schedules-by-resource", resource), opts)
}
