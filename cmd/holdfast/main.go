// Command holdfast is the command line client. Called by the name linstor it does
// the same; only the name in its texts changes.
package main

import (
	"os"

	"github.com/holdfast-storage/holdfast/internal/cli/all"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(all.Main(version)) }
