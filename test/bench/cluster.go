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

func nodeName(i int) string { return fmt.Sprintf("n%03d", i) }

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
		c.AddNode(nodeName(i), 1<<30)
	}
	c.StartController()
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { c.Register(nodeName(i)) })
	}
	wg.Wait()
	three := v1.FlexInt(3)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "grp",
		SelectFilter: &v1.AutoSelectFilter{PlaceCount: &three, LayerStack: []string{"storage"}}})
	return c, func() { c.Close(); _ = os.RemoveAll(dir) }
}

// view measures the list of all resources.
func (b *bench) view() {
	c, done := hundred(100)
	defer done()
	spawnMany(c, load{prefix: "v", spawns: 10000, inFlight: 64})
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
			c.Controller().API().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/view/resources"+m.query, nil))
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
	spawnMany(c, load{prefix: "s", spawns: 1500, inFlight: 64})
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
