//go:build linux

// Command agent is the host's hand inside a lab machine. As the first process of
// the initial RAM disk it loads what is needed to reach the root file system and
// hands over to a shell script there; started by that script it serves the
// requests of package wire over HTTP.
//
// Invariant: it is one static binary without state. It must not be used outside
// a throw-away machine: it runs whatever it is told, as root, unauthenticated.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

func main() {
	if os.Getpid() == 1 {
		// The kernel panics when the first process ends, so the reason has to be
		// on the console before.
		err := boot()
		fmt.Fprintln(os.Stderr, "lab agent: boot:", err)
		os.Exit(1)
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "lab agent:", err)
		os.Exit(1)
	}
}

func serve() error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.PathExec, handleExec)
	mux.HandleFunc("POST "+wire.PathDaemon, handleDaemon)
	mux.HandleFunc("PUT "+wire.PathFile, handlePut)
	mux.HandleFunc("GET "+wire.PathFile, handleGet)
	mux.HandleFunc("POST "+wire.PathClock, handleClock)
	mux.HandleFunc("GET "+wire.PathShell, handleShell)
	server := &http.Server{
		Addr:              fmt.Sprintf(":%d", wire.Port),
		Handler:           mux,
		ReadHeaderTimeout: time.Minute,
	}
	err := server.ListenAndServe()
	return errors.Join(err, server.Shutdown(context.Background()))
}
