package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/daemon"
)

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "linstor_satellite.toml"), []byte("[netcom]\ntype = \"ssl\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := map[string]struct {
		args []string
		want int
		says string
	}{
		"version":        {[]string{"--version"}, daemon.ExitOK, "holdfast-satellite "},
		"help":           {[]string{"-h"}, daemon.ExitOK, "--override-node-name NAME"},
		"unknown option": {[]string{"--prt=1"}, daemon.ExitUsage, "unknown option -prt"},
		"unknown word":   {[]string{"-c", t.TempDir(), "start"}, daemon.ExitUsage, `unknown command "start"`},
		"configuration":  {[]string{"-c", dir}, daemon.ExitConfig, "type ssl needs netcom.certificate"},
		"show":           {[]string{"config", "show", "-c", t.TempDir()}, daemon.ExitOK, "netcom.port"},
		"port taken":     {[]string{"-c", t.TempDir(), "--set", "satellite.state_directory=" + dir, "--bind-address", taken.Addr().String()}, daemon.ExitNetwork, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(daemon.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr}, tt.args)
			if all := stdout.String() + stderr.String(); code != tt.want || !strings.Contains(all, tt.says) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, tt.want, tt.says, all)
			}
		})
	}
}
