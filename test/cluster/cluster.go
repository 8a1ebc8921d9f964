// Package cluster runs a whole cluster in one process for tests and benchmarks:
// the real controller and the real satellites' runtime, on simulated machines and
// an in-memory database, joined without sockets. It is never part of a product.
package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/agent"
	layers "github.com/holdfast-storage/holdfast/internal/layer/all"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/provider/all"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/serve/controller"
	"github.com/holdfast-storage/holdfast/internal/serve/satellite"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
)

// TB is the part of testing.TB that a cluster needs; programs bring their own.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Cluster is a controller with its nodes.
type Cluster struct {
	tb    TB
	log   *slog.Logger
	disk  *mem.Disk
	open  func() store.Store
	nodes map[string]*Node

	mu  sync.Mutex
	now *Running
	// Wire may replace the connection to a node, to lose or repeat messages.
	Wire func(n *Node, p link.Peer) link.Peer
	// Host may replace what a satellite reaches its machine through, to slow it down.
	Host func(n *Node, h run.Host) run.Host
	// Started is called with every new controller before it runs.
	Started func(*controller.Controller)
	// Rescan is how often satellites look at their machine without being asked.
	Rescan time.Duration
	// Network joins the machines that are added from then on, and gives them DRBD and
	// dm-crypt; nil leaves them without.
	Network *sim.Network
}

// Node is a simulated host with its satellite.
type Node struct {
	Name    string
	Machine *sim.Machine
	// DRBD is the kernel's half of replication, and LUKS that of encryption; nil
	// without a network.
	DRBD *sim.DRBD
	LUKS *sim.LUKS
	// Address is that of the host in the network.
	Address string

	cluster *Cluster
	mu      sync.Mutex
	peer    link.Peer
	agent   *agent.Agent
	process *sim.Process
	stop    func()
	cut     bool
	// broken ends all connections that are open now.
	broken chan struct{}
}

// New makes a cluster whose controller is not started yet.
func New(tb TB, log *slog.Logger) *Cluster {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Cluster{tb: tb, log: log, disk: mem.NewDisk(), nodes: map[string]*Node{}}
	c.open = func() store.Store { return c.disk.Open() }
	return c
}

// UseStore makes the controller open another database than the in-memory one.
func (c *Cluster) UseStore(open func() store.Store) { c.open = open }

// Disk is the in-memory database's disk.
func (c *Cluster) Disk() *mem.Disk { return c.disk }

// World is the present state.
func (c *Cluster) World() *model.World { return c.Controller().Engine().World() }

func (c *Cluster) dial(n *model.Node) (link.Peer, error) {
	c.mu.Lock()
	node, ok := c.nodes[n.Name]
	wire := c.Wire
	c.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("no host named %s", n.Name)
	}
	p, err := node.connect()
	if err == nil && wire != nil {
		p = wire(node, p)
	}
	return p, err
}

// AddNode makes a host with a directory /pool of a size and starts its satellite.
func (c *Cluster) AddNode(name string, poolKiB int64) *Node {
	n := &Node{Name: name, Machine: sim.NewMachine(name), cluster: c, broken: make(chan struct{})}
	n.Machine.MakeDir("/pool")
	n.Machine.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: poolKiB * 1024, Reflink: true})
	c.mu.Lock()
	n.Address = "127.0.0.1"
	if c.Network != nil {
		n.Address = fmt.Sprintf("10.0.0.%d", len(c.nodes)+1)
		n.DRBD = sim.NewDRBD(n.Machine, c.Network)
		n.LUKS = sim.NewLUKS(n.Machine)
	}
	c.nodes[name] = n
	c.mu.Unlock()
	n.Start(c.log)
	return n
}

// Node finds a host.
func (c *Cluster) Node(name string) *Node { return c.nodes[name] }

// Start starts the host's satellite.
func (n *Node) Start(log *slog.Logger) {
	n.Machine.Restart()
	process := n.Machine.Process()
	var host run.Host = process
	if n.cluster.Host != nil {
		host = n.cluster.Host(n, process)
	}
	ag := agent.New(agent.Config{Host: host, Providers: all.Providers(), Layers: layers.Layers(), Finishers: layers.Finishers(), Log: log, Workers: 4, Rescan: n.cluster.Rescan, Node: n.Name, Version: "test"})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { ag.Run(ctx) })
	svc := satellite.NewService(satellite.Config{Log: log, Level: new(slog.LevelVar), Version: "test", Host: host, Node: n.Name}, ag, nil)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.peer, n.agent, n.process = &direct{Peer: svc, ctx: ctx}, ag, process
	n.stop = func() { cancel(); wg.Wait() }
}

// Agent is the running satellite's runtime.
func (n *Node) Agent() *agent.Agent {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.agent
}

// Stop kills the satellite; the machine keeps running.
func (n *Node) Stop() {
	n.mu.Lock()
	stop := n.stop
	n.peer, n.stop = nil, nil
	n.breakAll()
	n.mu.Unlock()
	n.Machine.Crash()
	if stop != nil {
		stop()
	}
}

// Must runs a mutating call that has to succeed.
func (c *Cluster) Must(method, path string, body any) []v1.ApiCallRc {
	c.tb.Helper()
	status, data := c.Call(method, path, body)
	var rcs []v1.ApiCallRc
	if status >= http.StatusBadRequest || json.Unmarshal(data, &rcs) != nil {
		c.tb.Fatalf("%s %s answered %d: %s", method, path, status, data)
	}
	return rcs
}

// Get runs a reading call that has to succeed.
func Get[T any](c *Cluster, path string) T {
	c.tb.Helper()
	var out T
	status, data := c.Call("GET", path, nil)
	if status != http.StatusOK || json.Unmarshal(data, &out) != nil {
		c.tb.Fatalf("GET %s answered %d: %s", path, status, data)
	}
	return out
}

// Register makes the node known to the controller, with a FILE_THIN pool "pool".
func (c *Cluster) Register(name string) {
	c.tb.Helper()
	port := v1.FlexInt(3366)
	c.Must("POST", "/v1/nodes", v1.Node{Name: name, Type: "satellite",
		NetInterfaces: []v1.NetInterface{{Name: "default", Address: c.nodes[name].Address, SatellitePort: &port, SatelliteEncryptionType: "plain"}}})
	c.Must("POST", "/v1/nodes/"+name+"/storage-pools", v1.StoragePool{StoragePoolName: "pool",
		ProviderKind: v1.ProviderKindFileThin, Props: map[string]string{model.KeyPoolBacking: "/pool"}})
}

// Close stops everything.
func (c *Cluster) Close() {
	c.StopController()
	for _, n := range c.nodes {
		n.Stop()
	}
}

// AwaitReported waits until a node's present satellite has reported a number of
// replicas as ready since it was started.
func (c *Cluster) AwaitReported(node string, n int, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ag := c.nodes[node].Agent()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if ag.ReadyCount() >= n {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
