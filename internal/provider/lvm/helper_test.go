package lvm_test

import (
	"flag"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// update makes the golden files anew; plantest.Golden looks it up.
var _ = flag.Bool("update", false, "rewrite golden files")

func result(stderr string) run.Result { return run.Result{ExitCode: 5, Stderr: []byte(stderr)} }
