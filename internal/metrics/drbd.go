package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

// connectionStates are DRBD's, from the worst to the best.
var connectionStates = map[string]float64{"StandAlone": 0, "Disconnecting": 1, "Unconnected": 2, "Timeout": 3, "BrokenPipe": 4,
	"NetworkFailure": 5, "ProtocolError": 6, "TearDown": 7, "Connecting": 8, "Connected": 9}

// replication has the figures of DRBD's connections. What a node that is not connected
// said last is not repeated as if it were so now.
func (s *snapshot) replication(out chan<- prometheus.Metric) {
	pair := []string{"resource", "node", "peer"}
	perVolume := []string{"resource", "node", "peer", "volume"}
	connection := prometheus.NewDesc("holdfast_drbd_connection_state",
		"State of a DRBD connection: 9 connected, 8 connecting, 0 standing alone, −1 unknown.", pair, nil)
	behind := prometheus.NewDesc("holdfast_drbd_out_of_sync_bytes", "Data in which a peer's volume may differ.", perVolume, nil)
	done := prometheus.NewDesc("holdfast_drbd_done_percent", "Progress of a resync or verification; only while one runs.", perVolume, nil)
	for st := range s.world.ResourceStatus.All {
		if st.DRBD == nil || !show.Online(s.world, st.Node) {
			continue
		}
		definition := spelling(s.world, st.Definition)
		for _, l := range st.DRBD.Links {
			state, ok := connectionStates[l.State]
			if !ok {
				state = -1
			}
			gauge(out, connection, state, definition, st.Node, l.Peer)
			for _, v := range l.Volumes {
				values := []string{definition, st.Node, l.Peer, strconv.Itoa(v.Number)}
				gauge(out, behind, float64(v.OutOfSyncKiB)*1024, values...)
				if v.DonePercent >= 0 {
					gauge(out, done, v.DonePercent, values...)
				}
			}
		}
	}
}

// spelling is the definition's name as it was given.
func spelling(w *model.World, definition string) string {
	if d, ok := w.Definitions.Get(definition); ok {
		return d.Name
	}
	return definition
}
