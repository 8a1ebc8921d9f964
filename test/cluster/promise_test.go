package cluster

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// TestLVMThinCommands counts what one LVM-thin volume costs on its node.
func TestLVMThinCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(t, testLog(t))
		defer c.Close()
		m := c.AddNode("n1", 1<<20).Machine
		m.AddDisk("/dev/vdb", "b", 64<<30)
		lvm := sim.NewLVM(m)
		if err := lvm.AddVG("vg", "/dev/vdb"); err != nil {
			t.Fatal(err)
		}
		if err := lvm.AddThinPool("vg", "thin"); err != nil {
			t.Fatal(err)
		}
		c.StartController()
		c.Register("n1")
		c.Must("POST", "/v1/nodes/n1/storage-pools", v1.StoragePool{StoragePoolName: "thin",
			ProviderKind: v1.ProviderKindLvmThin, Props: map[string]string{model.KeyPoolBacking: "vg/thin"}})
		one := v1.FlexInt(1)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "grp", SelectFilter: &v1.AutoSelectFilter{
			PlaceCount: &one, LayerStack: []string{"storage"}, StoragePoolList: []string{"thin"}}})
		synctest.Wait() // the look at the new pool has ended
		m.ForgetCommands()
		c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
		changing, all := len(m.Changes()), m.Commands()
		if probing := len(all) - changing; changing != 1 || probing > 2 {
			t.Errorf("one volume took %d changing and %d probing commands:\n%v", changing, probing, all)
		}
	})
}

// TestVanishedVolume: a volume that is gone is reported, not replaced by an empty one.
func TestVanishedVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := three(t)
		defer c.Close()
		c.Must("POST", "/v1/resource-groups/grp/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}})
		node := Get[[]v1.Resource](c, "/v1/resource-definitions/data/resources")[0].NodeName
		n := c.Node(node)
		n.Stop()
		n.Machine.PowerLoss(0)
		n.Machine.Unlink("/pool/data_00000.img")
		n.Machine.Unlink("/pool/.data_00000.img.holdfast")
		n.Start(c.log)
		time.Sleep(time.Minute)
		synctest.Wait()
		rows := Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?nodes="+node)
		reports := rows[0].Volumes[0].Reports
		if len(reports) == 0 || !strings.Contains(reports[0].Message, "vanished") {
			t.Fatalf("the loss is not reported: %+v", rows[0].Volumes[0])
		}
		if _, there := n.Machine.File("/pool/data_00000.img"); there {
			t.Fatal("an empty volume was put in the place of the lost one")
		}
	})
}

// TestJournal: every change is on record with its revision and who made it.
func TestJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := three(t)
		defer c.Close()
		c.Must("PUT", "/v1/key-value-store/notes", v1.KeyValueStoreModify{OverrideProps: map[string]string{"a": "1"}})
		rev := c.World().Rev
		c.StopController()
		c.StartController()
		status, body := c.Call("GET", "/v1/journal?limit=500", nil)
		var entries []v1.JournalEntry
		if status != http.StatusOK || json.Unmarshal(body, &entries) != nil {
			t.Fatalf("journal answered %d: %s", status, body)
		}
		for _, e := range entries {
			if e.Revision != int64(rev) {
				continue
			}
			if len(e.Changes) == 1 && e.Changes[0] == "modify key-value-store NOTES" && strings.HasPrefix(e.Actors[0], "rest ") {
				return
			}
			t.Fatalf("revision %d is on record as %+v", rev, e)
		}
		t.Fatalf("revision %d is not on record: %s", rev, body)
	})
}
