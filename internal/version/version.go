// Package version tells what this build is. It holds the one fact that every
// program and the API report alike.
//
// Invariant: a value is never made up; what the build did not say is taken from
// the Go build information, or says that it is not known.
package version

import (
	"runtime/debug"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// RestAPI is the version of the REST API that the controller speaks. Clients
// switch features on by it.
const RestAPI = "1.28.0"

// Set by the linker: -X …/internal/version.number=1.2.3 and so on.
var (
	number    = ""
	gitHash   = ""
	buildTime = ""
)

// Info is what is known of a build.
type Info struct {
	Number    string
	GitHash   string
	BuildTime string
}

// Get is the running program's build.
func Get() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return merge(Info{Number: number, GitHash: gitHash, BuildTime: buildTime}, build)
}

// merge fills what the linker was not told from the build information.
func merge(i Info, build *debug.BuildInfo) Info {
	for _, s := range build.Settings {
		switch {
		case s.Key == "vcs.revision" && i.GitHash == "":
			i.GitHash = s.Value
		case s.Key == "vcs.time" && i.BuildTime == "":
			i.BuildTime = s.Value
		}
	}
	if v := build.Main.Version; i.Number == "" && v != "" && v != "(devel)" {
		i.Number = strings.TrimPrefix(v, "v")
	}
	if i.Number == "" {
		i.Number = "0.0.0-dev"
	}
	return i
}

// String is the line that --version prints after the program's name.
func (i Info) String() string {
	s := i.Number
	if i.GitHash != "" {
		s += " (" + i.GitHash[:min(len(i.GitHash), 12)]
		if i.BuildTime != "" {
			s += ", built " + i.BuildTime
		}
		s += ")"
	}
	return s
}

// API is the build as the API shows it.
func (i Info) API() v1.ControllerVersion {
	return v1.ControllerVersion{Version: i.Number, GitHash: i.GitHash, BuildTime: i.BuildTime, RestAPIVersion: RestAPI}
}
