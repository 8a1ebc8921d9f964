package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ErrorReportService calls the endpoints of error reports.
type ErrorReportService struct{ c *Client }

// List gives reports; queries: "node", "since" and "to" (milliseconds), "withContent".
func (s *ErrorReportService) List(ctx context.Context, opts ...Option) ([]v1.ErrorReport, error) {
	return get[[]v1.ErrorReport](ctx, s.c, path("error-reports"), opts)
}

// Get gives one report with its text.
func (s *ErrorReportService) Get(ctx context.Context, id string, opts ...Option) (v1.ErrorReport, error) {
	return one[v1.ErrorReport](ctx, s.c, path("error-reports", id), append([]Option{Query("withContent", "true")}, opts...))
}

// Delete removes the reports that match.
func (s *ErrorReportService) Delete(ctx context.Context, d v1.ErrorReportDelete, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPatch, path("error-reports"), d, opts)
}

// DeleteOne removes one report.
func (s *ErrorReportService) DeleteOne(ctx context.Context, id string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("error-reports", id), nil, opts)
}
