package client

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"
)

// Client speaks to the controllers of one cluster. It is safe for concurrent use.
type Client struct {
	Nodes               *NodeService
	StoragePools        *StoragePoolService
	PhysicalStorage     *PhysicalStorageService
	ResourceGroups      *ResourceGroupService
	ResourceDefinitions *ResourceDefinitionService
	VolumeDefinitions   *VolumeDefinitionService
	Resources           *ResourceService
	Connections         *ConnectionService
	Snapshots           *SnapshotService
	Controller          *ControllerService
	KeyValues           *KeyValueService
	ErrorReports        *ErrorReportService
	Encryption          *EncryptionService
	Files               *FileService
	Remotes             *RemoteService
	Backups             *BackupService
	Schedules           *ScheduleService
	Statistics          *StatisticsService
	Explain             *ExplainService
	Doctor              *DoctorService
	Events              *EventService

	cfg       Config
	http      *http.Client
	log       *slog.Logger
	endpoints []atomic.Pointer[Endpoint]
	current   atomic.Int64
}

// New makes a client. It does not connect: the first call does.
func New(cfg Config) (*Client, error) {
	endpoints, err := ParseEndpoints(cfg.Controllers)
	if err != nil {
		return nil, err
	}
	if cfg.User != "" && cfg.Token != "" {
		return nil, fmt.Errorf("give a user with a password or a token, not both")
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	c := &Client{cfg: cfg, log: cfg.logger(), endpoints: make([]atomic.Pointer[Endpoint], len(endpoints))}
	for i := range endpoints {
		c.endpoints[i].Store(&endpoints[i])
	}
	c.http = &http.Client{
		Transport:     cfg.transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	c.addServices()
	return c, nil
}

func (c *Client) addServices() {
	c.Nodes = &NodeService{c}
	c.StoragePools = &StoragePoolService{c}
	c.PhysicalStorage = &PhysicalStorageService{c}
	c.ResourceGroups = &ResourceGroupService{c}
	c.ResourceDefinitions = &ResourceDefinitionService{c}
	c.VolumeDefinitions = &VolumeDefinitionService{c}
	c.Resources = &ResourceService{c}
	c.Connections = &ConnectionService{c}
	c.Snapshots = &SnapshotService{c}
	c.Controller = &ControllerService{c}
	c.KeyValues = &KeyValueService{c}
	c.ErrorReports = &ErrorReportService{c}
	c.Encryption = &EncryptionService{c}
	c.Files = &FileService{c}
	c.Remotes = &RemoteService{c}
	c.Backups = &BackupService{c}
	c.Schedules = &ScheduleService{c}
	c.Statistics = &StatisticsService{c}
	c.Explain = &ExplainService{c}
	c.Doctor = &DoctorService{c}
	c.Events = &EventService{c}
}

// Endpoint is the controller that is used now.
func (c *Client) Endpoint() Endpoint { return *c.endpoints[c.current.Load()].Load() }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// limit is the time limit of a call; 0 is none.
func (c *Client) limit(o *call) time.Duration {
	switch {
	case o.timeout != 0:
		return max(o.timeout, 0)
	case c.cfg.Timeout < 0:
		return 0
	default:
		return c.cfg.Timeout
	}
}
