// Command labctl opens a shell in a machine of the VM lab, or removes the lab's
// cache. Scenarios are run by go test, see package lab.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

const usage = "usage: labctl shell <node number> [folder of binaries] | labctl clean"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "labctl:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string) error {
	config, err := vm.ConfigFromEnv(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	switch {
	case len(args) == 1 && args[0] == "clean":
		return vm.Clean(ctx, config)
	case len(args) >= 2 && len(args) <= 3 && args[0] == "shell":
		node, err := strconv.Atoi(args[1])
		if err != nil || node < 1 || node > vm.NodeCount {
			return fmt.Errorf("node is %q; give a number from 1 to %d (make lab-shell N=1)", args[1], vm.NodeCount)
		}
		return shell(ctx, config, node, append(args[2:], "")[0])
	}
	return errors.New(usage)
}

// shell joins a running lab, or runs one for as long as the shell lives.
func shell(ctx context.Context, config vm.Config, node int, binaries string) error {
	lab, err := vm.Open(ctx, config)
	if errors.Is(err, vm.ErrRunning) {
		if lab, err = vm.Attach(config); err != nil {
			return err
		}
		return lab.Node(node).Terminal(ctx, os.Stdin, os.Stdout)
	}
	if err != nil {
		return err
	}
	return errors.Join(shellIn(ctx, lab, node, binaries), lab.Close())
}

func shellIn(ctx context.Context, lab *vm.Lab, node int, binaries string) error {
	if err := lab.Fresh(ctx); err != nil {
		return err
	}
	if binaries != "" && len(vm.MissingBinaries(binaries)) == 0 {
		if err := lab.PutBinaries(ctx, binaries); err != nil {
			return err
		}
	}
	return lab.Node(node).Terminal(ctx, os.Stdin, os.Stdout)
}
