package model

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/tidwall/btree"

	"github.com/holdfast-storage/holdfast/internal/crypt"
)

// World is one immutable snapshot of the whole cluster.
type World struct {
	// Rev is the revision of the durable half.
	Rev uint64

	Controllers     Table[Controller]
	Nodes           Table[Node]
	PoolDefinitions Table[PoolDefinition]
	Pools           Table[Pool]
	Groups          Table[Group]
	Definitions     Table[Definition]
	Resources       Table[Resource]
	NodeConns       Table[NodeConnection]
	ResourceConns   Table[ResourceConnection]
	KeyValueStores  Table[KeyValueStore]
	Snapshots       Table[SnapshotDefinition]
	Remotes         Table[Remote]
	Schedules       Table[Schedule]
	Files           Table[ExternalFile]

	NodeStatus     Table[NodeStatus]
	PoolStatus     Table[PoolStatus]
	ResourceStatus Table[ResourceStatus]
	// master is the unlocked master key; nil while it is locked. It is volatile.
	master *crypt.Key

	// byNode holds NODE/DEFINITION for every replica.
	byNode *btree.Map[string, *Resource]
	// byPool holds NODE/POOL/DEFINITION for the pools of every volume and its parts.
	byPool *btree.Map[string, *Resource]
	// byGroup holds GROUP/DEFINITION.
	byGroup *btree.Map[string, *Definition]
	// tallies holds NODE/POOL, counts holds NODE.
	tallies *btree.Map[string, Tally]
	counts  *btree.Map[string, int]
	// shared is common to all worlds that come from one another; see Shared.
	shared *sync.Map
	// minors are the DRBD minor numbers in use, ports the TCP ports by node.
	minors, ports numbers
}

// NewWorld is an empty cluster.
func NewWorld() *World {
	return &World{
		Controllers: newTable[Controller](), Nodes: newTable[Node](),
		PoolDefinitions: newTable[PoolDefinition](), Pools: newTable[Pool](),
		Groups: newTable[Group](), Definitions: newTable[Definition](),
		Resources: newTable[Resource](), NodeConns: newTable[NodeConnection](),
		ResourceConns: newTable[ResourceConnection](), KeyValueStores: newTable[KeyValueStore](),
		Snapshots: newTable[SnapshotDefinition](), Remotes: newTable[Remote](),
		Schedules: newTable[Schedule](), Files: newTable[ExternalFile](),
		NodeStatus: newTable[NodeStatus](), PoolStatus: newTable[PoolStatus](),
		ResourceStatus: newTable[ResourceStatus](),
		byNode:         newMap[*Resource](), byPool: newMap[*Resource](), byGroup: newMap[*Definition](),
		tallies: newMap[Tally](), counts: newMap[int](),
		shared: &sync.Map{},
		minors: newNumbers(), ports: newNumbers(),
	}
}

func (w *World) copy() *World {
	return &World{Rev: w.Rev,
		Controllers: w.Controllers.copy(), Nodes: w.Nodes.copy(),
		PoolDefinitions: w.PoolDefinitions.copy(), Pools: w.Pools.copy(),
		Groups: w.Groups.copy(), Definitions: w.Definitions.copy(),
		Resources: w.Resources.copy(), NodeConns: w.NodeConns.copy(),
		ResourceConns: w.ResourceConns.copy(), KeyValueStores: w.KeyValueStores.copy(),
		Snapshots: w.Snapshots.copy(), Remotes: w.Remotes.copy(),
		Schedules: w.Schedules.copy(), Files: w.Files.copy(),
		NodeStatus: w.NodeStatus.copy(), PoolStatus: w.PoolStatus.copy(),
		ResourceStatus: w.ResourceStatus.copy(),
		master:         w.master,
		byNode:         w.byNode.Copy(), byPool: w.byPool.Copy(), byGroup: w.byGroup.Copy(),
		tallies: w.tallies.Copy(), counts: w.counts.Copy(),
		shared: w.shared,
		minors: w.minors.copy(), ports: w.ports.copy(),
	}
}

// Controller is what concerns the whole cluster; nil before it is first stored.
func (w *World) Controller() *Controller {
	c, _ := w.Controllers.Get(controllerKey)
	return c
}

// Props are the controller's properties.
func (w *World) Props() map[string]string {
	if c := w.Controller(); c != nil {
		return c.Props
	}
	return nil
}

// Shared is a value that belongs to this world and to all that come from it, or it from.
// It is for what is worked out of parts of the state that mostly stay the same: it must
// follow from these parts alone, so that nobody can tell whether it was there before. It
// guards itself, for worlds are read at the same time.
func (w *World) Shared(key any, first func() any) any {
	if v, ok := w.shared.Load(key); ok {
		return v
	}
	v, _ := w.shared.LoadOrStore(key, first())
	return v
}

// ResourcesOn walks over the replicas of a node.
func (w *World) ResourcesOn(node string) func(yield func(*Resource) bool) {
	return under(w.byNode, Key(node))
}

// ResourcesIn walks over the replicas with a volume, or a part of one, in a pool.
func (w *World) ResourcesIn(node, pool string) func(yield func(*Resource) bool) {
	return under(w.byPool, Key(node, pool))
}

// DefinitionsOf walks over the definitions of a group.
func (w *World) DefinitionsOf(group string) func(yield func(*Definition) bool) {
	return under(w.byGroup, Key(group))
}

func under[T any](m *btree.Map[string, *T], key string) func(yield func(*T) bool) {
	return Table[T]{m: m}.Under(key)
}

// kind ties a stored record to its table. Adding an object is one line in kinds.
type kind struct {
	name string
	load func(w *World, data []byte) error
}

func kindOf[T any](name string, put func(*World, *T)) kind {
	return kind{name: name, load: func(w *World, data []byte) error {
		v := new(T)
		if err := json.Unmarshal(data, v); err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		put(w, v)
		return nil
	}}
}

// Names of the stored kinds. They are part of the database format.
const (
	kindController     = "controller"
	kindNode           = "node"
	kindPoolDefinition = "storage-pool-definition"
	kindPool           = "storage-pool"
	kindGroup          = "resource-group"
	kindDefinition     = "resource-definition"
	kindResource       = "resource"
	kindNodeConn       = "node-connection"
	kindResourceConn   = "resource-connection"
	kindKeyValueStore  = "key-value-store"
	kindSnapshot       = "snapshot-definition"
	kindRemote         = "remote"
	kindSchedule       = "schedule"
	kindFile           = "external-file"
)

const controllerKey = "controller"

func kinds() []kind {
	return []kind{
		kindOf(kindController, (*World).putController),
		kindOf(kindNode, (*World).putNode),
		kindOf(kindPoolDefinition, (*World).putPoolDefinition),
		kindOf(kindPool, (*World).putPool),
		kindOf(kindGroup, (*World).putGroup),
		kindOf(kindDefinition, (*World).putDefinition),
		kindOf(kindResource, (*World).putResource),
		kindOf(kindNodeConn, (*World).putNodeConn),
		kindOf(kindResourceConn, (*World).putResourceConn),
		kindOf(kindKeyValueStore, (*World).putKeyValueStore),
		kindOf(kindSnapshot, (*World).putSnapshot),
		kindOf(kindRemote, (*World).putRemote),
		kindOf(kindSchedule, (*World).putSchedule),
		kindOf(kindFile, (*World).putFile),
	}
}

// AdoptStatus takes over the volatile half of another world, for objects that
// still exist. It is only for a world that nobody else has seen yet.
func (w *World) AdoptStatus(from *World) {
	if w.Crypt() != nil {
		w.master = from.master
	}
	for s := range from.NodeStatus.All {
		if _, ok := w.Nodes.Get(s.Node); ok {
			w.NodeStatus.m.Set(Key(s.Node), s)
		}
	}
	for s := range from.PoolStatus.All {
		if _, ok := w.Pools.Get(s.Node, s.Pool); ok {
			w.PoolStatus.m.Set(Key(s.Node, s.Pool), s)
		}
	}
	for s := range from.ResourceStatus.All {
		if _, ok := w.Resources.Get(s.Definition, s.Node); ok {
			w.putResourceStatus(s)
		}
	}
}
