package main

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// threeReplicated makes three simulated machines that share a DRBD network.
func threeReplicated() (*cluster.Cluster, []string) {
	c := cluster.New(fatal{}, slog.New(slog.DiscardHandler))
	c.Network = sim.NewNetwork()
	nodes := []string{"n1", "n2", "n3"}
	for _, n := range nodes {
		c.AddNode(n, 1<<30)
	}
	c.StartController()
	for _, n := range nodes {
		c.Register(n)
	}
	three := v1.FlexInt(3)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "three", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &three}})
	return c, nodes
}

// commands counts what the busiest machine runs while f does its work.
func commands(c *cluster.Cluster, nodes []string, f func()) int {
	for _, n := range nodes {
		c.Node(n).Machine.ForgetCommands()
	}
	f()
	most := 0
	for _, n := range nodes {
		most = max(most, len(c.Node(n).Machine.Commands()))
	}
	return most
}

func spawnReplicated(c *cluster.Cluster, name string) {
	c.Must("POST", "/v1/resource-groups/three/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: name, VolumeSizes: []int64{1 << 20}})
	awaitUpToDate(c, name)
}

// awaitUpToDate waits until a resource has nothing but good disks.
func awaitUpToDate(c *cluster.Cluster, name string) {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		good := 0
		for _, r := range cluster.Get[[]v1.ResourceWithVolumes](c, "/v1/view/resources?resources="+name) {
			for _, v := range r.Volumes {
				if v.State != nil && v.State.DiskState == "UpToDate" {
					good++
				}
			}
		}
		if good == 3 {
			return
		}
		if time.Now().After(deadline) {
			fatal{}.Fatalf("%s does not become UpToDate", name)
		}
	}
}

// replicated counts the commands of the flows of a replicated volume, and measures
// how long twenty spawns at once take to become UpToDate.
func (b *bench) replicated() {
	c, nodes := threeReplicated()
	defer c.Close()
	size := int64(2 << 20)
	for _, op := range []struct {
		what string
		run  func()
	}{
		{"three-replica DRBD spawn", func() { spawnReplicated(c, "data") }},
		{"  growing it", func() {
			c.Must("PUT", "/v1/resource-definitions/data/volume-definitions/0", v1.VolumeDefinitionModify{SizeKiB: &size})
		}},
		{"  taking one disk away", func() { c.Must("PUT", "/v1/resource-definitions/data/resources/n3/toggle-disk/diskless", nil) }},
		{"  deleting it", func() { c.Must("DELETE", "/v1/resource-definitions/data", nil) }},
	} {
		b.add(op.what+": commands of the busiest node", "-", fmt.Sprint(commands(c, nodes, op.run)), true)
	}
	var took []time.Duration
	most := 0
	for run := range b.runs {
		begin := time.Now()
		most = commands(c, nodes, func() {
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() { spawnReplicated(c, fmt.Sprintf("p%d-%d", run, i)) })
			}
			wg.Wait()
		})
		took = append(took, time.Since(begin))
	}
	b.add("20 three-replica DRBD spawns at once, all UpToDate", "-", fmt.Sprintf("%s, %d commands a node", median(took).Round(time.Millisecond), most), true)
}
