package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ControllerService calls the endpoints of the controller itself.
type ControllerService struct{ c *Client }

// Version gives the versions of controller and API.
func (s *ControllerService) Version(ctx context.Context, opts ...Option) (v1.ControllerVersion, error) {
	return get[v1.ControllerVersion](ctx, s.c, path("controller", "version"), opts)
}

// Properties gives the cluster's properties.
func (s *ControllerService) Properties(ctx context.Context, opts ...Option) (map[string]string, error) {
	return get[map[string]string](ctx, s.c, path("controller", "properties"), opts)
}

// Modify changes the cluster's properties.
func (s *ControllerService) Modify(ctx context.Context, m v1.ControllerPropsModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("controller", "properties"), m, opts)
}

// DeleteProperty removes one property.
func (s *ControllerService) DeleteProperty(ctx context.Context, key string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("controller", "properties", key), nil, opts)
}

// PropertiesInfo gives the properties that the controller may have.
func (s *ControllerService) PropertiesInfo(ctx context.Context, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("controller", "properties", "info"), opts)
}

// AllPropertiesInfo gives the properties of all kinds of objects.
func (s *ControllerService) AllPropertiesInfo(ctx context.Context, opts ...Option) (map[string]map[string]v1.PropsInfo, error) {
	return get[map[string]map[string]v1.PropsInfo](ctx, s.c, path("controller", "properties", "info", "all"), opts)
}

// Config gives the controller's configuration.
func (s *ControllerService) Config(ctx context.Context, opts ...Option) (v1.ControllerConfig, error) {
	return get[v1.ControllerConfig](ctx, s.c, path("controller", "config"), opts)
}

// SetConfig changes log levels.
func (s *ControllerService) SetConfig(ctx context.Context, cfg v1.ControllerConfig, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("controller", "config"), cfg, opts)
}

// BackupDatabase writes a copy of the database.
func (s *ControllerService) BackupDatabase(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("controller", "backup", "db"), v1.DatabaseBackupRequest{BackupName: name}, opts)
}

// ExportDatabase writes the database as a portable file.
func (s *ControllerService) ExportDatabase(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("controller", "database", "export"), v1.DatabaseBackupRequest{BackupName: name}, opts)
}

// QueryMaxVolumeSize gives the largest volume per pool for the given filter.
func (s *ControllerService) QueryMaxVolumeSize(ctx context.Context, f v1.AutoSelectFilter, opts ...Option) (v1.MaxVolumeSizes, error) {
	return ask[v1.MaxVolumeSizes](ctx, s.c, http.MethodOptions, path("query-max-volume-size"), f, opts)
}

// Tokens gives the authentication tokens, without their secrets.
func (s *ControllerService) Tokens(ctx context.Context, opts ...Option) (v1.AuthTokenListResponse, error) {
	return get[v1.AuthTokenListResponse](ctx, s.c, path("controller", "auth", "token"), opts)
}

// CreateToken makes a token; the reply's reference token is the only copy of it.
func (s *ControllerService) CreateToken(ctx context.Context, t v1.CreateAuthToken, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("controller", "auth", "token"), t, opts)
}

// ModifyToken changes a token.
func (s *ControllerService) ModifyToken(ctx context.Context, id int64, t v1.ModifyAuthToken, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("controller", "auth", "token", num(id)), t, opts)
}

// DeleteToken revokes a token.
func (s *ControllerService) DeleteToken(ctx context.Context, id int64, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("controller", "auth", "token", num(id)), nil, opts)
}

// InitTokenAuth turns token authentication on.
func (s *ControllerService) InitTokenAuth(ctx context.Context, r v1.InitAuthTokenRequest, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("controller", "auth", "initialize-token-auth"), r, opts)
}

// SpaceReport gives the space report as text.
func (s *ControllerService) SpaceReport(ctx context.Context, opts ...Option) (SpaceReport, error) {
	return get[SpaceReport](ctx, s.c, path("space-report"), opts)
}

// SpaceReport is a text about used space.
type SpaceReport struct {
	ReportText string `json:"reportText"`
}

// SosReport collects logs and state into a file on the controller; filters:
// "nodes", "rscs", "exclude", "since", "include-ctrl".
func (s *ControllerService) SosReport(ctx context.Context, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodGet, path("sos-report"), nil, opts)
}

// DownloadSosReport is SosReport with the file in the answer, and its name.
func (s *ControllerService) DownloadSosReport(ctx context.Context, opts ...Option) (content []byte, name string, err error) {
	return s.c.download(ctx, path("sos-report", "download"), opts)
}
