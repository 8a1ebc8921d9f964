package cluster

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
)

// TestReportIsNotLost: a satellite tells once that a volume is gone; if that cannot
// be stored at that moment, the replica goes as soon as it can.
func TestReportIsNotLost(t *testing.T) {
	for _, trouble := range []mem.Fault{{Err: store.ErrFull}, {Err: store.ErrUnknownOutcome}, {Err: store.ErrUnknownOutcome, Written: true},
		{Err: errors.New("input/output error")}} {
		synctest.Test(t, func(t *testing.T) {
			c := three(t)
			defer c.Close()
			c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
			c.Disk().Inject(mem.Fault{}, trouble) // the command is stored, the report is not
			c.Must("DELETE", "/v1/resource-definitions/data", nil)
			time.Sleep(10 * time.Second)
			if n := c.World().Definitions.Len(); n != 0 {
				t.Errorf("after %v the definition never goes", trouble.Err)
			}
		})
	}
}

// TestUnknownOutcomeReachesSatellites: a change that was stored without an answer is
// carried out.
func TestUnknownOutcomeReachesSatellites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := three(t)
		defer c.Close()
		c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
		c.Disk().Inject(mem.Fault{Err: store.ErrUnknownOutcome, Written: true})
		if status, _ := c.Call("DELETE", "/v1/resource-definitions/data", nil); status < 400 {
			t.Errorf("an unknown outcome was acknowledged with %d", status)
		}
		time.Sleep(10 * time.Second)
		if n := c.World().Definitions.Len(); n != 0 {
			t.Error("the satellites were not told of the deletion")
		}
	})
}

// slowly is a host on which every command takes a tenth of a second.
type slowly struct{ run.Host }

func (s slowly) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	time.Sleep(100 * time.Millisecond)
	return s.Host.Run(ctx, c)
}

// TestRestartedSatelliteIsNotReady: what a satellite reported before it was restarted
// is not shown as the present state, for a reboot takes devices away.
func TestRestartedSatelliteIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := three(t)
		defer c.Close()
		c.Host = func(_ *Node, h run.Host) run.Host { return slowly{h} }
		c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
		node := ""
		for r := range c.World().Resources.All {
			node = r.Node
		}
		n := c.Node(node)
		n.Stop()
		time.Sleep(5 * time.Second)
		n.Machine.PowerLoss(-1)
		n.Start(c.log)
		ready, wrong := false, 0
		for range 3000 {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			now := c.World()
			st, _ := now.ResourceStatus.Get("data", node)
			conn, _ := now.NodeStatus.Get(node)
			ready = conn.State == model.ConnOnline && st.Progress == model.ProgressReady
			if vs, _ := st.Volume(0); ready && n.Machine.DeviceSize(vs.DevicePath) < 1<<30 {
				wrong++
			}
		}
		if !ready || wrong > 0 {
			t.Errorf("ready in the end: %v; shown as ready without a device: %d times", ready, wrong)
		}
	})
}
