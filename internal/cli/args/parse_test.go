package args_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// sample has one argument of each kind.
func sample() *args.Spec {
	g := &args.Spec{Prog: "prog"}
	g.Flag("-m,--machine", "")
	g.Opt("--controllers", "")
	s := &args.Spec{Prog: "prog create", Global: g}
	s.Opt("-n,--nodes", "").Many()
	s.Opt("--storage-pool,-s", "").Any()
	s.Opt("--regex", "").Maybe()
	s.Opt("-p,--port", "").Range(1, 65535)
	s.Opt("--kind", "").Choose("Plain", "ssl").Fold()
	s.Flag("--full,-f", "")
	s.Flag("--a-one", "").Exclusive("x")
	s.Flag("--b-two,-b", "").Exclusive("x")
	s.Pos("node", "").Any()
	s.Pos("resource", "")
	return s
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, line string
		want       map[string][]string // dest → values
		err        string
	}{
		{name: "last positional is the object", line: "n1 n2 res", want: map[string][]string{"node": {"n1", "n2"}, "resource": {"res"}}},
		{name: "list may be empty", line: "res", want: map[string][]string{"resource": {"res"}}},
		{name: "several values", line: "res -n a b c", want: map[string][]string{"resource": {"res"}, "nodes": {"a", "b", "c"}}},
		{name: "a later one wins", line: "res -n a -n b", want: map[string][]string{"resource": {"res"}, "nodes": {"b"}}},
		{name: "no value", line: "res -s --regex", want: map[string][]string{"resource": {"res"}, "storage-pool": {}, "regex": {}}},
		{name: "attached", line: "res --port=80 --nodes=a", want: map[string][]string{"resource": {"res"}, "port": {"80"}, "nodes": {"a"}}},
		{name: "attached to short", line: "res -p80 -na", want: map[string][]string{"resource": {"res"}, "port": {"80"}, "nodes": {"a"}}},
		{name: "short flags together", line: "res -fb", want: map[string][]string{"resource": {"res"}, "full": nil, "b-two": nil}},
		{name: "flags with a value", line: "res -fp80", want: map[string][]string{"resource": {"res"}, "full": nil, "port": {"80"}}},
		{name: "abbreviated", line: "res --po 80 --stor x", want: map[string][]string{"resource": {"res"}, "port": {"80"}, "storage-pool": {"x"}}},
		{name: "double dash", line: "-n a -- -x -n", want: map[string][]string{"nodes": {"a"}, "node": {"-x"}, "resource": {"-n"}}},
		{name: "options between positionals", line: "a -p 1 b", want: map[string][]string{"node": {"a"}, "resource": {"b"}, "port": {"1"}}},
		{name: "choice in any case", line: "res --kind SSL", want: map[string][]string{"resource": {"res"}, "kind": {"ssl"}}},
		{name: "negative number is a value", line: "res --regex -5", want: map[string][]string{"resource": {"res"}, "regex": {"-5"}}},
		{name: "lone dash is a value", line: "-", want: map[string][]string{"resource": {"-"}}},

		{name: "too few", line: "", err: "too few arguments, missing: resource"},
		{name: "many without value", line: "res -n", err: "argument -n/--nodes: expected at least one argument"},
		{name: "one without value", line: "res -p", err: "argument -p/--port: expected one argument"},
		{name: "not a number", line: "res -p x", err: "argument -p/--port: invalid int value: 'x'"},
		{name: "out of range", line: "res -p 0", err: "argument -p/--port: 0 is not in the range [1..65535]"},
		{name: "bad choice", line: "res --kind x", err: "argument --kind: invalid choice: 'x' (choose from 'Plain', 'ssl')"},
		{name: "exclusive", line: "res --a-one -b", err: "argument --b-two/-b: not allowed with argument --a-one"},
		{name: "unknown", line: "res --what", err: "unrecognized arguments: --what"},
		{name: "flag with value", line: "res --full=x", err: "argument --full/-f: ignored explicit argument 'x'"},
		{name: "list swallows the object", line: "-s pool res", err: "too few arguments, missing: resource"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := sample().Parse(strings.Fields(tt.line), args.NewValues())
			if tt.err != "" {
				if err == nil || !strings.HasSuffix(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]string{}
			for _, a := range sample().Args() {
				if v.Given(a.Dest) {
					got[a.Dest] = v.List(a.Dest)
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestGlobalOptionsAnywhere(t *testing.T) {
	globals := args.NewValues()
	if _, _, err := sample().Parse([]string{"res", "-m", "--controllers", "x"}, globals); err != nil {
		t.Fatal(err)
	}
	if !globals.Bool("machine") || globals.Str("controllers") != "x" {
		t.Errorf("globals were not read: %+v", globals)
	}
}

func TestAmbiguousAbbreviation(t *testing.T) {
	s := &args.Spec{Prog: "p"}
	s.Flag("--alpha", "")
	s.Flag("--alps", "")
	_, _, err := s.Parse([]string{"--al"}, nil)
	if err == nil || !strings.Contains(err.Error(), "ambiguous option: --al could match --alpha, --alps") {
		t.Fatalf("error %v", err)
	}
}

func TestStopEarly(t *testing.T) {
	s := &args.Spec{Prog: "p", StopEarly: true}
	s.Opt("-t,--timeout", "")
	v, rest, err := s.Parse([]string{"-t", "5", "node", "list", "-t"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"node", "list", "-t"}, rest); d != "" || v.Str("timeout") != "5" {
		t.Errorf("timeout %q, rest:\n%s", v.Str("timeout"), d)
	}
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	s := &args.Spec{Prog: "p"}
	s.Opt("--pin", "").Int().Secret()
	_, _, err := s.Parse([]string{"--pin", "hunter2"}, nil)
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Fatalf("error %v must not carry the value", err)
	}
}

func TestRequiredAndDefault(t *testing.T) {
	s := &args.Spec{Prog: "p"}
	s.Opt("--name", "").Must()
	s.Opt("--kind", "").Or("x")
	if _, _, err := s.Parse(nil, nil); err == nil || !strings.Contains(err.Error(), "argument --name is required") {
		t.Fatalf("error %v", err)
	}
	v, _, err := s.Parse([]string{"--name", "n"}, nil)
	if err != nil || v.Str("kind") != "x" || v.Given("kind") {
		t.Fatalf("kind %q given %v, error %v", v.Str("kind"), v.Given("kind"), err)
	}
}

// FuzzParse checks that no command line makes the parser panic, and that every
// value it gives was on the command line.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"n1 n2 res", "-n a b", "--port=1 x", "-fp80 res", "-- -x", "--", "-", "--=x", "-=", "res --regex -5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		v, _, err := sample().Parse(words, args.NewValues())
		if err != nil {
			return
		}
		for _, a := range sample().Args() {
			for _, value := range v.List(a.Dest) {
				if len(a.Choices) == 0 && !strings.Contains(line, value) {
					t.Errorf("%q gave %s the value %q", line, a.Dest, value)
				}
			}
		}
	})
}
