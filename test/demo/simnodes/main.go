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
	network := sim.NewNetwork()
	fabric := sim.NewFabric(network)
	for i := range *nodes {
		name := fmt.Sprintf("demo-%d", i+1)
		m := machine(name, *size<<30, network, fabric)
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

// machine has a pool for data and a small one for caches and metadata, an empty disk,
// and what the layers above the storage need.
func machine(name string, poolBytes int64, network *sim.Network, fabric *sim.Fabric) *sim.Machine {
	m := sim.NewMachine(name)
	sim.NewDRBD(m, network)
	sim.NewLVM(m)
	sim.NewLUKS(m)
	sim.NewCaches(m)
	sim.NewNVMe(m, fabric)
	sim.NewBcache(m)
	m.AddDisk("/dev/vdb", "serial-"+name, poolBytes)
	for dir, bytes := range map[string]int64{"/pool": poolBytes, "/fast": poolBytes / 10} {
		m.MakeDir(dir)
		m.MountFS(dir, sim.FileSystem{Type: "xfs", CapacityBytes: bytes, Reflink: true})
	}
	return m
}
