package client

import (
	"context"
	"net/http"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// ResourceGroupService calls the endpoints of resource groups and volume groups.
type ResourceGroupService struct{ c *Client }

// List gives all groups; filters: "resource_groups", "props".
func (s *ResourceGroupService) List(ctx context.Context, opts ...Option) ([]v1.ResourceGroup, error) {
	return get[[]v1.ResourceGroup](ctx, s.c, path("resource-groups"), opts)
}

// Get gives one group.
func (s *ResourceGroupService) Get(ctx context.Context, name string, opts ...Option) (v1.ResourceGroup, error) {
	return get[v1.ResourceGroup](ctx, s.c, path("resource-groups", name), opts)
}

// Create adds a group.
func (s *ResourceGroupService) Create(ctx context.Context, g v1.ResourceGroup, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-groups"), g, opts)
}

// Modify changes a group.
func (s *ResourceGroupService) Modify(ctx context.Context, name string, m v1.ResourceGroupModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-groups", name), m, opts)
}

// Delete removes a group without resource definitions.
func (s *ResourceGroupService) Delete(ctx context.Context, name string, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-groups", name), nil, opts)
}

// Spawn makes a resource of the group.
func (s *ResourceGroupService) Spawn(ctx context.Context, name string, r v1.ResourceGroupSpawn, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-groups", name, "spawn"), r, opts)
}

// Adjust places what the group's resources lack.
func (s *ResourceGroupService) Adjust(ctx context.Context, name string, a v1.ResourceGroupAdjust, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-groups", name, "adjust"), a, opts)
}

// AdjustAll places what the resources of all groups lack.
func (s *ResourceGroupService) AdjustAll(ctx context.Context, a v1.ResourceGroupAdjust, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-groups", "adjustall"), a, opts)
}

// QueryMaxVolumeSize gives the largest volume per pool (superseded by QuerySizeInfo).
func (s *ResourceGroupService) QueryMaxVolumeSize(ctx context.Context, name string, opts ...Option) (v1.MaxVolumeSizes, error) {
	return get[v1.MaxVolumeSizes](ctx, s.c, path("resource-groups", name, "query-max-volume-size"), opts)
}

// QuerySizeInfo gives how much space the group's next resource can have, and where.
func (s *ResourceGroupService) QuerySizeInfo(ctx context.Context, name string, q v1.QuerySizeInfoRequest, opts ...Option) (v1.QuerySizeInfoResponse, error) {
	return ask[v1.QuerySizeInfoResponse](ctx, s.c, http.MethodPost, path("resource-groups", name, "query-size-info"), q, opts)
}

// QueryAllSizeInfo gives the same for all groups.
func (s *ResourceGroupService) QueryAllSizeInfo(ctx context.Context, q v1.QueryAllSizeInfoRequest, opts ...Option) (v1.QueryAllSizeInfoResponse, error) {
	return ask[v1.QueryAllSizeInfoResponse](ctx, s.c, http.MethodPost, path("queries", "resource-groups", "query-all-size-info"), q, opts)
}

// VolumeGroups gives the volume groups.
func (s *ResourceGroupService) VolumeGroups(ctx context.Context, group string, opts ...Option) ([]v1.VolumeGroup, error) {
	return get[[]v1.VolumeGroup](ctx, s.c, path("resource-groups", group, "volume-groups"), opts)
}

// VolumeGroup gives one volume group.
func (s *ResourceGroupService) VolumeGroup(ctx context.Context, group string, nr int32, opts ...Option) (v1.VolumeGroup, error) {
	return get[v1.VolumeGroup](ctx, s.c, path("resource-groups", group, "volume-groups", num(nr)), opts)
}

// CreateVolumeGroup adds a volume group.
func (s *ResourceGroupService) CreateVolumeGroup(ctx context.Context, group string, v v1.VolumeGroup, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPost, path("resource-groups", group, "volume-groups"), v, opts)
}

// ModifyVolumeGroup changes a volume group.
func (s *ResourceGroupService) ModifyVolumeGroup(ctx context.Context, group string, nr int32, m v1.VolumeGroupModify, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodPut, path("resource-groups", group, "volume-groups", num(nr)), m, opts)
}

// DeleteVolumeGroup removes a volume group.
func (s *ResourceGroupService) DeleteVolumeGroup(ctx context.Context, group string, nr int32, opts ...Option) (*Reply, error) {
	return s.c.change(ctx, http.MethodDelete, path("resource-groups", group, "volume-groups", num(nr)), nil, opts)
}

// PropertiesInfo gives the properties that a group may have.
func (s *ResourceGroupService) PropertiesInfo(ctx context.Context, opts ...Option) (map[string]v1.PropsInfo, error) {
	return get[map[string]v1.PropsInfo](ctx, s.c, path("resource-groups", "properties", "info"), opts)
}
