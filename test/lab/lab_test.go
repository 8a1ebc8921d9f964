//go:build lab

package lab

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/scenario"
	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// scenarioPatience ends a scenario that hangs; on emulated machines the longest
// takes a minute or two.
const scenarioPatience = 30 * time.Minute

func TestLab(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	t.Cleanup(stop)
	scenarios := selected(t)
	config, err := vm.ConfigFromEnv(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err != nil {
		t.Fatal(err)
	}
	lab, err := vm.Open(ctx, config)
	if err != nil {
		t.Fatal("the lab cannot run here:", err)
	}
	t.Cleanup(func() {
		if err := lab.Close(); err != nil {
			t.Error("tear the lab down:", err)
		}
	})
	binaries := os.Getenv("HOLDFAST_LAB_BIN")
	played := 0
	for _, s := range scenarios {
		t.Run(s.Name, func(t *testing.T) {
			if reason := s.NotRunBecause(lab, binaries); reason != "" {
				t.Skip("not run:", reason)
			}
			played++
			play(ctx, t, lab, s, binaries)
		})
	}
	if played == 0 {
		t.Error("no scenario was run, so nothing is proven")
	}
	t.Logf("machines run by %s; the lab's own steps:\n%s", lab.Accel(), lab.Timings())
}

// selected gives the scenarios whose whole name matches HOLDFAST_LAB_RUN. The
// test runner's own pattern would pass where it matches nothing.
func selected(t *testing.T) []scenario.Scenario {
	pattern, err := regexp.Compile(os.Getenv("HOLDFAST_LAB_RUN"))
	if err != nil {
		t.Fatal("HOLDFAST_LAB_RUN is no regular expression:", err)
	}
	all := scenario.All()
	chosen := slices.DeleteFunc(slices.Clone(all), func(s scenario.Scenario) bool { return !pattern.MatchString(s.Name) })
	if len(chosen) == 0 {
		var names []string
		for _, s := range all {
			names = append(names, s.Name)
		}
		t.Fatalf("HOLDFAST_LAB_RUN %q matches no scenario; there are:\n%s", pattern, strings.Join(names, "\n"))
	}
	return chosen
}

// play gives a scenario machines of its own and shows their consoles if it fails.
func play(ctx context.Context, t *testing.T, lab *vm.Lab, s scenario.Scenario, binaries string) {
	if ctx.Err() != nil {
		t.Fatal("interrupted")
	}
	ctx, cancel := context.WithTimeout(ctx, scenarioPatience)
	defer cancel()
	if err := lab.Fresh(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, n := range lab.Nodes() {
			t.Logf("DRBD on %s:\n%s", n.Name(), replication(ctx, n))
			t.Logf("console of %s (all of it: %s):\n%s", n.Name(), n.ConsoleLog(), n.ConsoleTail(15))
		}
	})
	if s.Binaries {
		if err := lab.PutBinaries(ctx, binaries); err != nil {
			t.Fatal(err)
		}
	}
	s.Run(ctx, t, lab)
}

// lookPatience bounds the look at a machine that may not answer any more.
const lookPatience = 20 * time.Second

// replication is what the kernel of a machine says about DRBD at the end of a scenario.
func replication(ctx context.Context, n *vm.Node) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookPatience)
	defer cancel()
	out, err := n.Shell(ctx, "test ! -d /sys/module/drbd || drbdsetup status --verbose --statistics; dmesg | grep -a drbd | tail -40")
	if err != nil {
		out += err.Error()
	}
	return out
}
