package version

import (
	"runtime/debug"
	"testing"
)

func TestMerge(t *testing.T) {
	vcs := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}}
	tests := map[string]struct {
		linker Info
		build  debug.BuildInfo
		want   Info
		line   string
	}{
		"nothing known": {want: Info{Number: "0.0.0-dev"}, line: "0.0.0-dev"},
		"linker wins": {
			linker: Info{Number: "1.2.3", GitHash: "ffff", BuildTime: "today"},
			build:  debug.BuildInfo{Main: debug.Module{Version: "v9.9.9"}, Settings: vcs},
			want:   Info{Number: "1.2.3", GitHash: "ffff", BuildTime: "today"},
			line:   "1.2.3 (ffff, built today)",
		},
		"go install": {
			build: debug.BuildInfo{Main: debug.Module{Version: "v1.4.0"}},
			want:  Info{Number: "1.4.0"}, line: "1.4.0",
		},
		"go build in a checkout": {
			build: debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: vcs},
			want:  Info{Number: "0.0.0-dev", GitHash: "0123456789abcdef", BuildTime: "2026-01-02T03:04:05Z"},
			line:  "0.0.0-dev (0123456789ab, built 2026-01-02T03:04:05Z)",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := merge(tt.linker, &tt.build)
			if got != tt.want {
				t.Errorf("merge = %+v, want %+v", got, tt.want)
			}
			if got.String() != tt.line {
				t.Errorf("String = %q, want %q", got, tt.line)
			}
			if api := got.API(); api.RestAPIVersion != RestAPI || api.Version != tt.want.Number {
				t.Errorf("API = %+v", api)
			}
		})
	}
}
