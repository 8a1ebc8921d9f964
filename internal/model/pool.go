package model

import "github.com/holdfast-storage/holdfast/api/v1"

// Names of the objects that every cluster has.
const (
	DefaultPool         = "DfltStorPool"
	DefaultDisklessPool = "DfltDisklessStorPool"
	DefaultGroup        = "DfltRscGrp"
)

// KeyPoolBacking is the property that says what a pool is made of.
const KeyPoolBacking = "StorDriver/StorPoolName"

// PoolDefinition carries the properties that pools of one name share.
type PoolDefinition struct {
	Name  string
	UUID  string
	Props map[string]string `json:",omitempty"`
}

// Pool is the storage of one node from which volumes are made.
type Pool struct {
	Node            string
	Name            string
	UUID            string
	Kind            v1.ProviderKind
	Props           map[string]string `json:",omitempty"`
	SharedSpace     string            `json:",omitempty"`
	ExternalLocking bool              `json:",omitempty"`
}

// Diskless tells whether the pool has no storage at all.
func (p *Pool) Diskless() bool { return p.Kind == v1.ProviderKindDiskless }

// Thin tells whether volumes of the pool take space only as they are written.
func (p *Pool) Thin() bool {
	switch p.Kind {
	case v1.ProviderKindLvmThin, v1.ProviderKindZfsThin, v1.ProviderKindFileThin, v1.ProviderKindDiskless:
		return true
	}
	return false
}
