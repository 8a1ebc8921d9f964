package show

import (
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// Keys of the properties of automatic eviction.
const (
	keyEvictAllow = "DrbdOptions/AutoEvictAllowEviction"
	keyEvictAfter = "DrbdOptions/AutoEvictAfterTime"
	// evictMinutes is how long a node may be away where no property says otherwise.
	evictMinutes = 60
)

// EvictionTime is when a node that is offline will be evicted if it stays away; false
// where none is armed.
func EvictionTime(w *model.World, n *model.Node) (time.Time, bool) {
	st, ok := w.NodeStatus.Get(n.Name)
	if !ok || st.State != model.ConnOffline || n.Evicted || n.Deleting != nil || !n.Type.HasSatellite() {
		return time.Time{}, false
	}
	get := func(key string) string {
		if v, ok := n.Props[key]; ok {
			return v
		}
		return w.Props()[key]
	}
	if !strings.EqualFold(get(keyEvictAllow), "true") && !strings.EqualFold(get(keyEvictAllow), "yes") {
		return time.Time{}, false
	}
	minutes, err := strconv.Atoi(get(keyEvictAfter))
	if err != nil || minutes < 0 {
		minutes = evictMinutes
	}
	return st.Since.Add(time.Duration(minutes) * time.Minute), true
}
