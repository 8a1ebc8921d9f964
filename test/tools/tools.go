// Package tools tells tests which of the machine's own programs they may run. A test
// of a real tool is left out where a developer has not got it; test/run.sh installs
// the tools and sets HOLDFAST_NEED_TOOLS, and then a missing one is a failure.
package tools

import (
	"os"
	"os/exec"
	"testing"
)

// Variable makes missing tools a failure when it is set.
const Variable = "HOLDFAST_NEED_TOOLS"

// Need skips the test unless it runs as root and all programs are installed.
func Need(t testing.TB, programs ...string) {
	t.Helper()
	if !Have(t, programs...) {
		t.Skipf("this test needs root and %v", programs)
	}
}

// Have tells whether the test runs as root and all programs are installed.
func Have(t testing.TB, programs ...string) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	for _, name := range programs {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv(Variable) != "" {
				t.Fatalf("%s is not installed, though %s says that it is", name, Variable)
			}
			return false
		}
	}
	return true
}
