package args_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func TestHelp(t *testing.T) {
	s := &args.Spec{Prog: "prog create", Description: "Makes a thing."}
	s.Opt("-n,--nodes", "only these nodes").Many()
	s.Opt("--port,-p", "port to use").Range(1, 65535)
	s.Opt("--kind", "kind of thing").Choose("plain", "ssl").Or("plain")
	s.Opt("--secret", "asked for when it is left out").Maybe()
	s.Flag("--old", "kept for old scripts").Hide()
	s.Pos("node", "names of the nodes, which may be quite a lot of nodes in a large cluster").Any()
	s.Pos("resource", "name of the resource")
	want := `usage: prog create [-h] [-n NODES [NODES ...]] [--port PORT]
                   [--kind {plain,ssl}] [--secret [SECRET]] [node ...]
                   resource

Makes a thing.

positional arguments:
  node                  names of the nodes, which may be quite a lot of nodes
                        in a large cluster
  resource              name of the resource

options:
  -h, --help            show this help message and exit
  -n NODES [NODES ...], --nodes NODES [NODES ...]
                        only these nodes
  --port PORT, -p PORT  port to use (1 to 65535)
  --kind {plain,ssl}    kind of thing (default: plain)
  --secret [SECRET]     asked for when it is left out
`
	if d := cmp.Diff(want, s.Help(80)); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}
