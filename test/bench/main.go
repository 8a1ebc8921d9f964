// Command bench measures what the project promises about its speed and size, and
// prints the median of several runs beside each target. It measures whole
// processes where the promise is about a process, and the whole in-process cluster
// on simulated machines where it is about many nodes: there the controller, its
// database, 100 satellites and their simulated machines share one process and this
// machine's processors, and a spawn costs what all of them use for it.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/holdfast-storage/holdfast/internal/serve/controller"
)

// row is one promise with what was measured.
type row struct {
	what   string
	target string
	value  string
	ok     bool
}

type bench struct {
	bin  string
	runs int
	rows []row
}

func (b *bench) add(what, target, value string, ok bool) {
	b.rows = append(b.rows, row{what, target, value, ok})
	mark := "ok  "
	if !ok {
		mark = "MISS"
	}
	fmt.Printf("%s  %-62s %-22s %s\n", mark, what, target, value)
}

func median(d []time.Duration) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[len(s)/2]
}

func percentile(d []time.Duration, p float64) time.Duration {
	s := slices.Clone(d)
	slices.Sort(s)
	return s[min(len(s)-1, int(float64(len(s))*p))]
}

type fatal struct{}

func (fatal) Helper() {}
func (fatal) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(1)
}

func main() {
	b := &bench{}
	only := ""
	flag.StringVar(&b.bin, "bin", "bin", "folder of the binaries")
	flag.IntVar(&b.runs, "runs", 5, "runs of each measurement; the median counts")
	flag.StringVar(&only, "only", "", "run one measurement: start, closed, paced, stored, replicated, view, restart, cli, idle")
	var look profiles
	flag.StringVar(&look.cpu, "cpuprofile", "", "write a CPU profile of the measurements to a file")
	flag.StringVar(&look.memory, "memprofile", "", "write what the measurements have allocated to a file")
	flag.StringVar(&look.trace, "trace", "", "write an execution trace of the measurements to a file")
	flag.Parse()
	defer look.start()()
	// As the controller does: memory is cheaper than the collector's time.
	controller.CollectSeldom()
	fmt.Printf("%d processors, shared by all that is measured and simulated; medians of %d runs\n", runtime.GOMAXPROCS(0), b.runs)
	fmt.Printf("%-4s  %-62s %-22s %s\n", "", "measurement", "target", "median")
	for _, m := range []struct {
		name string
		run  func()
	}{{"start", b.start}, {"closed", b.closed}, {"paced", b.paced}, {"stored", b.stored}, {"replicated", b.replicated}, {"view", b.view}, {"restart", b.restart}, {"cli", b.cli}, {"idle", b.idle}} {
		if only == "" || only == m.name {
			m.run()
		}
	}
	missed := 0
	for _, r := range b.rows {
		if !r.ok {
			missed++
		}
	}
	fmt.Printf("%d measurements, %d targets missed\n", len(b.rows), missed)
}
