// Command simnodes runs many satellites on simulated machines in one process, each
// on a port of its own, so that a cluster can be tried without root and without
// storage. Nothing on this machine is touched.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/holdfast-storage/holdfast/internal/serve/satellite"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

func main() {
	nodes := flag.Int("nodes", 3, "number of simulated nodes")
	port := flag.Int("port", 13366, "port of the first node; the others follow")
	size := flag.Int64("pool-gib", 100, "size of each node's pool")
	state := flag.String("state", "", "folder for the satellites' state")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	g, gctx := errgroup.WithContext(ctx)
	for i := range *nodes {
		name := fmt.Sprintf("demo-%d", i+1)
		m := sim.NewMachine(name)
		m.MakeDir("/pool")
		m.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: *size << 30, Reflink: true})
		g.Go(func() error {
			return satellite.Run(gctx, satellite.Config{Listen: fmt.Sprintf("127.0.0.1:%d", *port+i), Node: name, Host: m.Process(),
				StateDir: filepath.Join(*state, name), Workers: 2, Log: log, Version: "simulated"})
		})
	}
	if err := g.Wait(); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "simnodes:", err)
		os.Exit(1)
	}
}
