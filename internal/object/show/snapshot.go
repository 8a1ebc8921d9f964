package show

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// SnapshotName is the inline form of a snapshot, with the nodes where that is of matter.
func SnapshotName(definition, name string, nodes ...string) string {
	out := "snapshot '" + name + "' of resource '" + definition + "'"
	if len(nodes) > 0 {
		out += " on nodes '" + strings.Join(nodes, "','") + "'"
	}
	return out
}

// Snapshot renders a snapshot.
func Snapshot(w *model.World, s *model.SnapshotDefinition) v1.Snapshot {
	out := v1.Snapshot{Name: s.Name, ResourceName: s.Definition, UUID: s.UUID, Props: s.Props, SnapshotDefinitionProps: s.Props,
		Nodes: []string{}, Snapshots: []v1.SnapshotNode{}, VolumeDefinitions: []v1.SnapshotVolumeDefinition{}}
	if d, ok := w.Definitions.Get(s.Definition); ok {
		out.ResourceName, out.ResourceDefinitionProps = d.Name, d.Props
	}
	made := len(s.Nodes) > 0
	for _, n := range s.Nodes {
		out.Nodes = append(out.Nodes, n.Node)
		out.Snapshots = append(out.Snapshots, snapshotNode(s, n))
		made = made && n.Created != nil
	}
	if made {
		out.Flags = append(out.Flags, "SUCCESSFUL")
	}
	if s.Deleting != nil {
		out.Flags = append(out.Flags, "DELETE")
	}
	for _, v := range s.Volumes {
		out.VolumeDefinitions = append(out.VolumeDefinitions, v1.SnapshotVolumeDefinition{VolumeNumber: int32(v.Number), SizeKiB: v.SizeKiB})
	}
	return out
}

func snapshotNode(s *model.SnapshotDefinition, n model.SnapshotNode) v1.SnapshotNode {
	out := v1.SnapshotNode{SnapshotName: s.Name, NodeName: n.Node, UUID: n.UUID, SnapshotVolumes: []v1.SnapshotVolumeNode{}}
	if n.Created != nil {
		out.CreateTimestamp = n.Created.UnixMilli()
	}
	if n.Deleting != nil {
		out.Flags = []string{"DELETE"}
	}
	for _, d := range n.Devices {
		out.SnapshotVolumes = append(out.SnapshotVolumes, v1.SnapshotVolumeNode{UUID: d.UUID, VlmNr: int32(d.Number)})
	}
	return out
}
