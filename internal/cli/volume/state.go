package volume

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// State is how the disk state of a volume is shown, without regard to connections
// and errors.
func State(r v1.ResourceWithVolumes, v v1.Volume) (string, table.Color) {
	prefix := ""
	if cli.HasFlag(v.Flags, "RESIZE") {
		prefix = "Resizing, "
	}
	if len(v.LayerDataList) > 0 && v.LayerDataList[0].Type != v1.LayerTypeDrbd && (r.State != nil || v.State != nil) {
		return prefix + "Created", table.Green
	}
	disk := ""
	if v.State != nil {
		disk = v.State.DiskState
	}
	switch disk {
	case "", "DUnknown":
		return prefix + "Unknown", table.Yellow
	case "Diskless":
		switch {
		case !diskless(r.Flags):
			return prefix + disk, table.Red
		case cli.HasFlag(r.Flags, "TIE_BREAKER"):
			return "TieBreaker", table.Green
		default:
			return prefix + disk, table.Green
		}
	case "UpToDate", "Created", "Attached":
		return prefix + disk, table.Green
	case "Inconsistent", "Failed", "To: Creating", "To: Attachable", "To: Attaching":
		return prefix + disk, table.Red
	default:
		return prefix + disk, table.Yellow
	}
}

func diskless(flags []string) bool {
	return cli.HasFlag(flags, "DISKLESS") || cli.HasFlag(flags, "DRBD_DISKLESS") ||
		cli.HasFlag(flags, "NVME_INITIATOR") || cli.HasFlag(flags, "EBS_INITIATOR")
}

// Failed groups the broken DRBD connections of a resource by their state.
func Failed(r v1.ResourceWithVolumes) map[string][]string {
	failed := map[string][]string{}
	walk(r.LayerObject, func(l *v1.ResourceLayer) {
		if l.DRBD == nil {
			return
		}
		for peer, conn := range l.DRBD.Connections {
			if !conn.Connected {
				failed[conn.Message] = append(failed[conn.Message], peer)
			}
		}
	})
	for _, peers := range failed {
		slices.SortFunc(peers, table.Natural)
	}
	return failed
}

func walk(l *v1.ResourceLayer, visit func(*v1.ResourceLayer)) {
	if l == nil {
		return
	}
	visit(l)
	for i := range l.Children {
		walk(&l.Children[i], visit)
	}
}

// Layers is the layer stack of a resource, each layer once.
func Layers(r v1.ResourceWithVolumes) []string {
	var out []string
	walk(r.LayerObject, func(l *v1.ResourceLayer) {
		if l.Type != "" && !cli.HasFlag(out, string(l.Type)) {
			out = append(out, string(l.Type))
		}
	})
	return out
}

// minor is the DRBD minor number of a volume, "" without DRBD.
func minor(v v1.Volume) string {
	for _, l := range v.LayerDataList {
		if l.Type != v1.LayerTypeDrbd {
			continue
		}
		data, ok := l.Data.(map[string]any)
		if !ok {
			continue
		}
		def, ok := data["drbd_volume_definition"].(map[string]any)
		if !ok {
			continue
		}
		if n, ok := def["minor_number"].(float64); ok {
			return fmt.Sprintf("%.0f", n)
		}
	}
	return ""
}

// replication is the Repl cell.
func replication(v v1.Volume) table.Cell {
	if v.State == nil || len(v.State.ReplicationStates) == 0 {
		return table.Cell{}
	}
	good := true
	var lines []string
	for _, peer := range slices.SortedFunc(maps.Keys(v.State.ReplicationStates), table.Natural) {
		st := v.State.ReplicationStates[peer]
		if st == nil {
			continue
		}
		good = good && st.ReplicationState == "Established"
		line := peer + ": " + st.ReplicationState
		// Only the side that receives data knows how far it is.
		if st.DonePercentage != nil && st.ReplicationState != "SyncSource" {
			line += fmt.Sprintf("(%.2f%%)", *st.DonePercentage)
		}
		lines = append(lines, line)
	}
	if good {
		return table.Colored(fmt.Sprintf("Established(%d)", len(lines)), table.Lime)
	}
	return table.Colored(strings.Join(lines, "\n"), table.Yellow)
}

// SkipDisk is the suffix of resources that run without their disk after an error,
// or "". It names the objects on which the property is set.
func SkipDisk(r v1.ResourceWithVolumes) string {
	p := r.EffectiveProps["DrbdOptions/SkipDisk"]
	if p == nil || p.Value != "True" {
		return ""
	}
	short := map[string]string{"SATELLITE": "C", "NODE": "N", "RESOURCE_DEFINITION": "RD", "RESOURCE": "R", "STORAGEPOOL": "SP"}
	name := func(t string) string {
		if s, ok := short[t]; ok {
			return s
		}
		return t
	}
	at := []string{name(p.Type)}
	for _, o := range p.Other {
		at = append(at, name(o.Type))
	}
	return ", SkipDisk (" + strings.Join(at, ", ") + ")"
}

// SkipDiskHint explains the suffix.
func SkipDiskHint(c *cli.Call) {
	c.Printf("%s:\n", c.Paint("SkipDisk", table.Yellow))
	c.Printf("  At least one resource runs without its disk after an I/O error ('DrbdOptions/SkipDisk' is set).\n"+
		"  When the device is good again, remove the property with\n"+
		"  '%s resource set-property $node $rsc DrbdOptions/SkipDisk'; the volume is then attached again.\n", c.Prog())
}
