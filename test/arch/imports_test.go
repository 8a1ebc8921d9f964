package arch_test

import (
	"slices"
	"testing"
)

// pure are the packages that decide: no I/O, no clock, no randomness, no
// goroutines, so that the same input always gives the same answer.
func pure() []string {
	return []string{"api/...", "internal/fault", "internal/crypt", "internal/model/...", "internal/place", "internal/desired", "internal/rules",
		"internal/object/...", "internal/layer", "internal/provider", "internal/store", "internal/run"}
}

// outside are packages of the standard library that reach out of the process.
func outside() []string {
	return []string{"os", "os/exec", "os/signal", "net", "net/http", "database/sql", "log", "log/slog", "syscall",
		"math/rand", "math/rand/v2", "crypto/rand"}
}

// importRule is one line of the dependency rule.
type importRule struct {
	why  string
	who  []string
	but  []string
	must string
	// banned imports, of the standard library or within the module.
	banned []string
	// allowed, if not empty, are the only packages of the module that may be imported.
	allowed []string
}

func importRules() []importRule {
	concrete := []string{"internal/layer/*", "internal/provider/*", "internal/store/*", "internal/run/oshost", "internal/sim"}
	return []importRule{
		{why: "pure packages decide on values alone", who: pure(), banned: outside(),
			must: "take what is needed as an argument"},
		{why: "a provider or layer reaches the machine through run.Host, so that it can be simulated", who: []string{"internal/provider/*", "internal/layer/*"},
			but: []string{"internal/provider/plantest"}, banned: []string{"os", "os/exec", "syscall", "net", "net/http", "log/slog"},
			must: "use the run.Host that is passed in"},
		{why: "providers and layers do not know each other", who: []string{"internal/provider/*", "internal/layer/*"},
			but:     []string{"internal/provider/all", "internal/layer/all", "internal/provider/providertest", "internal/provider/plantest"},
			allowed: []string{"api/v1", "internal/fault", "internal/model/...", "internal/run", "internal/provider", "internal/provider/optline", "internal/layer", "api/link/v1", "internal/devmapper"},
			must:    "move what is shared into the contract package"},
		{why: "stores do not know each other, nor what records mean", who: []string{"internal/store/*"}, but: []string{"internal/store/all", "internal/store/dbtool"},
			allowed: []string{"api/v1", "internal/fault", "internal/store"}, must: "keep to the port in internal/store"},
		{why: "the engine knows ports only", who: []string{"internal/engine"},
			banned: append(concrete, "internal/agent", "internal/rest", "internal/link/...", "internal/provider", "internal/object/..."),
			must:   "take it as an interface or a function in engine.Config"},
		{why: "the agent knows ports only", who: []string{"internal/agent"},
			banned: append(concrete, "internal/engine", "internal/model", "internal/rest", "internal/link/..."),
			must:   "take it as an interface in agent.Config"},
		{why: "the API's adapter stands on the engine", who: []string{"internal/rest"},
			banned: append(concrete, "internal/agent", "internal/provider"), must: "go through engine, object or link"},
		{why: "the client is a public library", who: []string{"client"}, allowed: []string{"api/v1"}, must: "use api/v1 alone"},
		{why: "the command line speaks to the API like everybody else", who: []string{"internal/cli/..."},
			allowed: []string{"api/v1", "client", "internal/cli/..."}, must: "go through client"},
		{why: "settings and logging are below everything", who: []string{"internal/conf", "internal/obs", "internal/certs", "internal/version"},
			allowed: []string{"api/v1", "internal/fault", "internal/obs"}, must: "let cmd put the parts together"},
		{why: "nobody but the programs puts everything together", who: []string{"internal/..."},
			but: []string{"internal/serve/..."}, banned: []string{"internal/serve/...", "cmd/...", "test/..."}, must: "move the shared part down"},
	}
}

func TestImports(t *testing.T) {
	for _, r := range importRules() {
		for _, p := range packages(t) {
			if !matches(p.name(), r.who...) || matches(p.name(), r.but...) {
				continue
			}
			for _, i := range p.Imports {
				in := listed{ImportPath: i}.name()
				if matches(in, r.banned...) || len(r.allowed) > 0 && ours(i) && !matches(in, r.allowed...) {
					t.Errorf("%s imports %s: %s; %s", p.name(), in, r.why, r.must)
				}
			}
		}
	}
}

// TestOneHome keeps what is costly or risky in one place, so that it can be
// exchanged there.
func TestOneHome(t *testing.T) {
	homes := map[string][]string{
		"os/exec":                              {"internal/run/oshost", "internal/cli/all", "packaging", "test/..."},
		"database/sql":                         {"internal/store/sqlite"},
		"modernc.org/sqlite":                   {"internal/store/sqlite"},
		"github.com/pelletier/go-toml/v2":      {"internal/conf"},
		"github.com/coreos/go-systemd/v22/...": {"internal/daemon"},
		"github.com/prometheus/...":            {"internal/metrics"},
		"github.com/tidwall/btree":             {"internal/model"},
		"golang.org/x/term":                    {"internal/cli/...", "test/lab/..."},
		"unsafe":                               {"test/lab/agent"},
	}
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			for what, allowed := range homes {
				if matches(i, what) && !matches(p.name(), allowed...) {
					t.Errorf("%s imports %s, which only %v may; go through there", p.name(), i, allowed)
				}
			}
		}
	}
}

// TestPrograms keeps big or dangerous parts out of programs that do not need them.
func TestPrograms(t *testing.T) {
	tests := map[string][]string{
		"cmd/holdfast": {module + "/internal/engine", module + "/internal/agent", module + "/internal/model", module + "/internal/store/...",
			"modernc.org/...", "database/sql", "github.com/prometheus/..."},
		"cmd/holdfast-satellite": {module + "/internal/engine", module + "/internal/rest", module + "/internal/store/...", module + "/internal/sim",
			module + "/internal/object/...", "modernc.org/...", "database/sql", "github.com/prometheus/...", "testing"},
		"cmd/holdfast-controller": {module + "/internal/agent", module + "/internal/run/oshost", module + "/internal/provider/*", module + "/internal/sim",
			"testing"},
	}
	for _, p := range packages(t) {
		banned, ok := tests[p.name()]
		if !ok {
			continue
		}
		delete(tests, p.name())
		for _, d := range p.Deps {
			if matches(d, banned...) {
				t.Errorf("%s links %s; find out why with: go mod why, or go list -deps", p.name(), d)
			}
		}
	}
	for name := range tests {
		t.Errorf("program %s is gone; mend the table", name)
	}
}

// TestRulesHit guards the tables: a pattern for packages that were renamed would
// check nothing.
func TestRulesHit(t *testing.T) {
	all := packages(t)
	later := []string{"internal/layer", "internal/layer/*"}
	for _, r := range importRules() {
		for _, who := range r.who {
			hit := slices.ContainsFunc(all, func(l listed) bool { return matches(l.name(), who) })
			if !hit && !slices.Contains(later, who) {
				t.Errorf("no package matches %s, of the rule %q", who, r.why)
			}
		}
	}
}
