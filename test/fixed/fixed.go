// Package fixed makes property tests give the same answer every time: what the test
// suite says about a commit must not depend on luck. New cases are looked for with
// `make explore`.
package fixed

import (
	"flag"
	"os"
	"testing"
)

// Explore is the environment variable that asks for new random cases.
const Explore = "HOLDFAST_EXPLORE"

// Cases runs a package's tests with the same generated cases each time, unless the
// command line or Explore says otherwise.
func Cases(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.seed"); f != nil && f.Value.String() == f.DefValue && os.Getenv(Explore) == "" {
		if err := flag.Set("rapid.seed", "20261121"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
