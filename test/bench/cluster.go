package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"context"
	"log/slog"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// hundred makes a cluster of simulated nodes on a real SQLite database.
func hundred(nodes int) (*cluster.Cluster, func()) {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		fatal{}.Fatalf("make a folder: %v", err)
	}
	c := cluster.New(fatal{}, nil)
	c.UseStore(func() store.Store {
		db, err := sqlite.Open(context.Background(), filepath.Join(dir, "holdfast.db"), slog.New(slog.DiscardHandler))
		if err != nil {
			fatal{}.Fatalf("open the database: %v", err)
		}
		return db
	})
	for i := range nodes {
		c.AddNode(fmt.Sprintf("n%03d", i), 1<<30)
	}
	c.StartController()
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { c.Register(fmt.Sprintf("n%03d", i)) })
	}
	wg.Wait()
	three := v1.FlexInt(3)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "grp",
		SelectFilter: &v1.AutoSelectFilter{PlaceCount: &three, LayerStack: []string{"storage"}}})
	return c, func() { c.Close(); _ = os.RemoveAll(dir) }
}

// spawnMany spawns with a number of calls in flight, as fast as it goes or at a rate.
func (b *bench) spawnMany(c *cluster.Cluster, prefix, query string, n, inFlight, perSecond int) (time.Duration, []time.Duration) {
	var mu sync.Mutex
	var took []time.Duration
	jobs := make(chan int)
	var wg sync.WaitGroup
	began := time.Now()
	for range inFlight {
		wg.Go(func() {
			for i := range jobs {
				t := time.Now()
				c.Must("POST", "/v1/resource-groups/grp/spawn"+query,
					v1.ResourceGroupSpawn{ResourceDefinitionName: fmt.Sprintf("%s%05d", prefix, i), VolumeSizes: []int64{1 << 20}})
				mu.Lock()
				took = append(took, time.Since(t))
				mu.Unlock()
			}
		})
	}
	for i := range n {
		if perSecond > 0 {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		}
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	return time.Since(began), took
}

// spawn measures three-replica spawns: answered when all satellites are done, and
// answered as soon as the change is stored.
func (b *bench) spawn() {
	var rates, p99, acks, paced []time.Duration
	for range b.runs {
		c, done := hundred(100)
		total, took := b.spawnMany(c, "r", "", 1000, 16, 0)
		_, ack := b.spawnMany(c, "a", "?wait=false", 1000, 16, 0)
		rates, p99, acks = append(rates, total), append(p99, percentile(took, .99)), append(acks, percentile(ack, .99))
		done()
		c, done = hundred(100)
		_, took = b.spawnMany(c, "p", "", 1000, 16, 300)
		paced = append(paced, percentile(took, .99))
		done()
	}
	perSecond := 1000 / median(rates).Seconds()
	b.add("1 000 three-replica spawns on 100 satellites, 16 in flight", "≥ 300/s", fmt.Sprintf("%.0f/s", perSecond), perSecond >= 300)
	b.add("  p99 of one call at 300/s, up to 16 in flight", "< 20 ms", median(paced).Round(100*time.Microsecond).String(), median(paced) < 20*time.Millisecond)
	b.add("  p99 of one call, answered when stored (wait=false)", "< 20 ms", median(acks).Round(100*time.Microsecond).String(), median(acks) < 20*time.Millisecond)
	b.add("  p99 of one call, answered when all satellites are done", "< 20 ms", median(p99).Round(100*time.Microsecond).String(), median(p99) < 20*time.Millisecond)
}

// view measures the list of all resources.
func (b *bench) view() {
	c, done := hundred(100)
	defer done()
	b.spawnMany(c, "v", "", 10000, 64, 0)
	for _, m := range []struct {
		what, query string
		limit       time.Duration
	}{{"GET /v1/view/resources, 30 000 resources", "", 300 * time.Millisecond},
		{"  a page of 500", "?limit=500&offset=15000", 20 * time.Millisecond}} {
		var took []time.Duration
		size := 0
		for range b.runs {
			t := time.Now()
			w := httptest.NewRecorder()
			c.Controller().API().ServeHTTP(w, httptest.NewRequest("GET", "/v1/view/resources"+m.query, nil))
			took = append(took, time.Since(t))
			size = w.Body.Len()
			if w.Code != http.StatusOK {
				fatal{}.Fatalf("view answered %d", w.Code)
			}
		}
		b.add(m.what, "< "+m.limit.String(), fmt.Sprintf("%s (%d KiB)", median(took).Round(time.Millisecond/10), size/1024), median(took) < m.limit)
	}
}

// restart measures a satellite that starts anew with 1 500 unchanged resources.
func (b *bench) restart() {
	c, done := hundred(1)
	defer done()
	one := v1.FlexInt(1)
	c.Must("PUT", "/v1/resource-groups/grp", v1.ResourceGroupModify{SelectFilter: &v1.AutoSelectFilter{PlaceCount: &one}})
	b.spawnMany(c, "s", "", 1500, 64, 0)
	var took []time.Duration
	commands := 0
	for range b.runs {
		n := c.Node("n000")
		n.Stop()
		n.Machine.ForgetCommands()
		t := time.Now()
		n.Start(slog.New(slog.DiscardHandler))
		if err := c.AwaitReported("n000", 1500, time.Minute); err != nil {
			fatal{}.Fatalf("restart: %v", err)
		}
		took = append(took, time.Since(t))
		commands = len(n.Machine.Commands())
	}
	b.add("satellite restart, 1 500 unchanged resources", "< 5 s, constant cmds", fmt.Sprintf("%s, %d commands", median(took).Round(time.Millisecond), commands),
		median(took) < 5*time.Second && commands < 50)
}
