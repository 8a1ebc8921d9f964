package model

import (
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// Definition is a resource definition: what a resource is, wherever it is placed.
type Definition struct {
	Name         string
	ExternalName string `json:",omitempty"`
	UUID         string
	Group        string
	Props        map[string]string  `json:",omitempty"`
	Stack        []v1.LayerType     `json:",omitempty"`
	Volumes      []VolumeDefinition `json:",omitempty"`
	DRBD         DRBDDefinition     `json:",omitzero"`
	Deleting     *time.Time         `json:",omitempty"`
}

// DRBDDefinition is what all replicas of a definition share at the DRBD layer.
type DRBDDefinition struct {
	// PeerSlots is 0 where the default rules.
	PeerSlots int    `json:",omitempty"`
	Port      int    `json:",omitempty"`
	Secret    string `json:",omitempty"`
	Transport string `json:",omitempty"`
}

// VolumeDefinition is one volume of a definition.
type VolumeDefinition struct {
	Number int
	UUID   string
	// SizeKiB is the usable size, or that of the backing volume when Gross is set.
	SizeKiB   int64
	Props     map[string]string `json:",omitempty"`
	Gross     bool              `json:",omitempty"`
	Encrypted bool              `json:",omitempty"`
	// Minor is the DRBD minor number, −1 where the stack has no DRBD.
	Minor    int
	Deleting *time.Time `json:",omitempty"`
}

// Volume finds a volume definition by number.
func (d *Definition) Volume(number int) (VolumeDefinition, bool) {
	for _, v := range d.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return VolumeDefinition{}, false
}

// Resource is one replica: a definition on a node.
type Resource struct {
	Definition string
	Node       string
	UUID       string
	Props      map[string]string `json:",omitempty"`
	Stack      []v1.LayerType
	// Diskless replicas have no storage of their own.
	Diskless Disklessness `json:",omitempty"`
	Inactive bool         `json:",omitempty"`
	Volumes  []Volume     `json:",omitempty"`
	Deleting *time.Time   `json:",omitempty"`
	// Deletions counts how often the deletion was ordered, so that a report from
	// before cannot be taken for one after it was taken back.
	Deletions int `json:",omitempty"`
	// Created is when the satellite first reported the replica.
	Created *time.Time `json:",omitempty"`
}

// Disklessness is why a replica has no disk; empty for a diskful one.
type Disklessness string

// Ways to have no disk.
const (
	Diskful       Disklessness = ""
	DRBDDiskless  Disklessness = "DRBD_DISKLESS"
	Tiebreaker    Disklessness = "TIE_BREAKER"
	NVMeInitiator Disklessness = "NVME_INITIATOR"
)

// Volume is one volume of a replica.
type Volume struct {
	Number int
	UUID   string
	Pool   string
	Props  map[string]string `json:",omitempty"`
	// Created is set once the satellite has reported the volume; from then on it may
	// not be made anew by itself.
	Created bool `json:",omitempty"`
}

// Volume finds a replica's volume by number.
func (r *Resource) Volume(number int) (Volume, bool) {
	for _, v := range r.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return Volume{}, false
}

// HasLayer tells whether a stack contains a layer.
func HasLayer(stack []v1.LayerType, layer v1.LayerType) bool {
	for _, l := range stack {
		if l == layer {
			return true
		}
	}
	return false
}
