package cluster

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// mkfsWatch notes in what state a node's volume is when a file system is made on it.
type mkfsWatch struct {
	run.Host
	note func(device string)
}

func (m mkfsWatch) Run(ctx context.Context, c run.Cmd) (run.Result, error) {
	if strings.HasPrefix(path.Base(c.Argv[0]), "mkfs.") {
		m.note(c.Argv[len(c.Argv)-1])
	}
	return m.Host.Run(ctx, c)
}

// TestFileSystemOfReplicas: one node alone makes the file system of a replicated
// volume, through DRBD and once its disk is good, and later replicas make none.
func TestFileSystemOfReplicas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(t, testLog(t))
		var mu sync.Mutex
		var made []string
		c.Host = func(n *Node, h run.Host) run.Host {
			return mkfsWatch{h, func(device string) {
				mu.Lock()
				defer mu.Unlock()
				made = append(made, device+" is "+n.DRBD.Look("data", 0).Disk)
			}}
		}
		fill(c, 3)
		defer c.Close()
		c.Must("PUT", "/v1/resource-groups/two", v1.ResourceGroupModify{OverrideProps: map[string]string{"FileSystem/Type": "ext4"}})
		spawn(c, "two", "data")
		c.Must("POST", "/v1/resource-definitions/data/resources/n3/make-available", v1.ResourceMakeAvailable{Diskful: true})
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		time.Sleep(time.Minute) // simulated time
		mu.Lock()
		defer mu.Unlock()
		if want := []string{"/dev/drbd1000 is UpToDate"}; !slices.Equal(made, want) {
			t.Errorf("file systems were made: %q, want %q", made, want)
		}
	})
}

// TestEncryptedToggle: a replica that gets a disk gets a key of its own with it, and
// its data comes through DRBD; no passphrase is in a command.
func TestEncryptedToggle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
		count := v1.FlexInt(2)
		c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "safe", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count,
			NodeNameList: []string{"n1", "n2"}, LayerStack: []string{"drbd", "luks", "storage"}}})
		spawn(c, "safe", "web")
		c.Must("POST", "/v1/resource-definitions/web/resources/n3/make-available", v1.ResourceMakeAvailable{})
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up, "n3": "Diskless"})
		if got := c.Node("n3").LUKS.Mappings(); len(got) != 0 {
			t.Errorf("without a disk there are the containers %v", got)
		}
		c.Must("PUT", "/v1/resource-definitions/web/resources/n3/toggle-disk/diskful/pool", nil)
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up, "n3": up})
		keys := map[string]bool{}
		for _, n := range []string{"n1", "n2", "n3"} {
			if got := fmt.Sprint(c.Node(n).LUKS.Mappings()); got != "["+path.Base(luksOfWeb)+"]" {
				t.Errorf("%s has the containers %s", n, got)
			}
			r, _ := c.World().Resources.Get("web", n)
			keys[r.Volumes[0].Key] = r.Volumes[0].Key != ""
			for _, cmd := range c.Node(n).Machine.Commands() {
				if strings.Contains(cmd.String(), "hush") {
					t.Errorf("%s: a passphrase in %s", n, cmd)
				}
			}
		}
		if len(keys) != 3 || keys[""] {
			t.Errorf("%d keys for three replicas", len(keys))
		}
		c.Must("PUT", "/v1/resource-definitions/web/resources/n3/toggle-disk/diskless", nil)
		awaitDisks(t, c, "web", map[string]string{"n1": up, "n2": up, "n3": "Diskless"})
		awaitSize(t, c.Node("n3").Machine, luksOfWeb, false)
	})
}

// TestReplicatedShrink: a replicated volume is never made smaller, in none of the ways.
func TestReplicatedShrink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 3)
		defer c.Close()
		spawn(c, "three", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
		const vd = "/v1/resource-definitions/data/volume-definitions/0"
		size := int64(1 << 19)
		refused(c, "PUT", vd, v1.VolumeDefinitionModify{SizeKiB: &size}, "smaller", "may hold data")
		refused(c, "PUT", vd, v1.VolumeDefinitionModify{Flags: []string{"GROSS_SIZE"}}, "smaller", "GROSS_SIZE")
		if got := Get[v1.VolumeDefinition](c, vd); got.SizeKiB != 1<<20 || slices.Contains(got.Flags, "GROSS_SIZE") {
			t.Errorf("the volume definition is %+v", got)
		}
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up, "n3": up})
	})
}

// TestPromisedReplicatedSizes: what the size queries answer for a stack with layers is
// what can be spawned, and less than without them.
func TestPromisedReplicatedSizes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		c.Must("POST", "/v1/encryption/passphrase", v1.PassPhraseCreate{NewPassphrase: "hush"})
		last := int64(0)
		for i, stack := range [][]string{{"drbd", "luks", "storage"}, {"drbd", "storage"}, {"storage"}} {
			name, count := fmt.Sprint("sized", i), v1.FlexInt(2)
			filter := &v1.AutoSelectFilter{PlaceCount: &count, LayerStack: stack}
			c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: name, SelectFilter: filter})
			group := Get[v1.MaxVolumeSizes](c, "/v1/resource-groups/"+name+"/query-max-volume-size")
			if len(group.Candidates) != 1 {
				t.Fatalf("%v: %+v", stack, group)
			}
			most := group.Candidates[0].MaxVolumeSizeKiB
			if most <= last {
				t.Errorf("%v: %d KiB, with more layers it was %d KiB", stack, most, last)
			}
			last = most
			spawn := v1.ResourceGroupSpawn{ResourceDefinitionName: "most", VolumeSizes: []int64{most + 1}}
			if status, body := c.Call("POST", "/v1/resource-groups/"+name+"/spawn", spawn); status < http.StatusBadRequest {
				t.Errorf("%v: more than %d KiB: %d %s", stack, most, status, body)
			}
			spawn.VolumeSizes[0] = most
			c.Must("POST", "/v1/resource-groups/"+name+"/spawn", spawn)
			c.Must("DELETE", "/v1/resource-definitions/most", nil)
			time.Sleep(time.Minute) // simulated time
		}
	})
}

// TestImpossibleMetadata: a place for DRBD's metadata that a node does not have is
// refused with the property that names it, and nothing is left.
func TestImpossibleMetadata(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := replicated(t, 2)
		defer c.Close()
		const meta = "StorPoolNameDrbdMeta"
		for pool, words := range map[string][]string{"nowhere": {meta, "not on node 'n1'", ".internal"}, model.DefaultDisklessPool: {meta, "DISKLESS", ".internal"}} {
			c.Must("PUT", "/v1/resource-groups/two", v1.ResourceGroupModify{OverrideProps: map[string]string{meta: pool}})
			refused(c, "POST", "/v1/resource-groups/two/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: "data", VolumeSizes: []int64{1 << 20}}, words...)
		}
		c.Must("PUT", "/v1/resource-groups/two", v1.ResourceGroupModify{DeleteProps: []string{meta}})
		spawn(c, "two", "data")
		awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
	})
}
