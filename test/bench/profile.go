package main

import (
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// profiles are the files that say where the measurements spend their time and memory;
// an empty name is none.
type profiles struct{ cpu, memory, trace string }

// start begins to observe, and answers how to end it.
func (p profiles) start() (stop func()) {
	var ends []func()
	begin := func(name string, f func(io.Writer) error, end func()) {
		if name == "" {
			return
		}
		file, err := os.Create(name)
		if err == nil {
			err = f(file)
		}
		if err != nil {
			fatal{}.Fatalf("observe the measurements: %v", err)
		}
		ends = append(ends, func() { end(); _ = file.Close() })
	}
	begin(p.cpu, pprof.StartCPUProfile, pprof.StopCPUProfile)
	begin(p.trace, trace.Start, trace.Stop)
	if p.memory != "" {
		runtime.MemProfileRate = 64 << 10
		var out io.Writer
		begin(p.memory, func(w io.Writer) error { out = w; return nil }, func() {
			if err := pprof.Lookup("allocs").WriteTo(out, 0); err != nil {
				fatal{}.Fatalf("write what was allocated: %v", err)
			}
		})
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}
