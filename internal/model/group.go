package model

import "github.com/holdfast-storage/holdfast/api/v1"

// Group is a resource group: the template and the placement policy of its
// resource definitions.
type Group struct {
	Name        string
	UUID        string
	Description string            `json:",omitempty"`
	Props       map[string]string `json:",omitempty"`
	Filter      v1.AutoSelectFilter
	PeerSlots   int           `json:",omitempty"`
	Volumes     []VolumeGroup `json:",omitempty"`
}

// VolumeGroup is the template of one volume of a group's definitions.
type VolumeGroup struct {
	Number int
	UUID   string
	Props  map[string]string `json:",omitempty"`
	// Gross sizes are those of the backing volume.
	Gross bool `json:",omitempty"`
}

// Volume finds a volume group by number.
func (g *Group) Volume(number int) (VolumeGroup, bool) {
	for _, v := range g.Volumes {
		if v.Number == number {
			return v, true
		}
	}
	return VolumeGroup{}, false
}

// PlaceCount is the wanted number of diskful replicas, 0 where none is set.
func (g *Group) PlaceCount() int {
	if g.Filter.PlaceCount == nil {
		return 0
	}
	return int(*g.Filter.PlaceCount)
}
