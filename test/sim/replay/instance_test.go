//go:build !race

package replay_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// program is the simulation, compiled to WebAssembly and from there to this machine.
type program struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

// result is what an instance prints as its last word.
type result struct {
	Totals  map[string]int64 `json:"totals"`
	Digest  string           `json:"digest"`
	Stories []string         `json:"stories"`
}

// build compiles test/sim; the compiled code is kept between runs.
func build(ctx context.Context, dir string) (*program, error) {
	file := filepath.Join(dir, "sim.wasm")
	c := exec.CommandContext(ctx, cmp.Or(os.Getenv("GO"), "go"), "test", "-c", "-o", file, "../../sim")
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile the simulation: %w\n%s", err, out)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	cfg := wazero.NewRuntimeConfig()
	if home, err := os.UserCacheDir(); err == nil {
		dir := filepath.Join(home, "holdfast-sim")
		prune(dir)
		if kept, err := wazero.NewCompilationCacheWithDir(dir); err == nil {
			cfg = cfg.WithCompilationCache(kept)
		}
	}
	p := &program{runtime: wazero.NewRuntimeWithConfig(ctx, cfg)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, p.runtime); err != nil {
		return nil, fmt.Errorf("offer the system interface: %w", err)
	}
	if p.module, err = p.runtime.CompileModule(ctx, code); err != nil {
		return nil, fmt.Errorf("compile the simulation for this machine: %w", err)
	}
	return p, nil
}

// keptPrograms is how many compiled simulations stay on the disk: each change of the code
// adds one of some 120 MB.
const keptPrograms = 4

// prune removes the compiled simulations that have not been made lately.
func prune(dir string) {
	made := map[string]time.Time{}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err == nil {
			made[path] = info.ModTime()
		}
		return nil
	})
	paths := slices.SortedFunc(maps.Keys(made), func(a, b string) int { return made[b].Compare(made[a]) })
	for _, old := range paths[min(len(paths), keptPrograms):] {
		_ = os.Remove(old)
	}
}

// run runs one instance. It has one thread, its clock stands still but when it is
// read, and all its chance comes from chance: the same arguments give the same run.
// Garbage is not collected, as a collection shifts what happens next, and a run leaves
// little. A log may still lead to another run than without.
func (p *program) run(ctx context.Context, chance uint64, args ...string) (result, string, error) {
	var out bytes.Buffer
	cfg := wazero.NewModuleConfig().WithName("").WithStdout(&out).WithStderr(&out).
		WithArgs(append([]string{"sim", "-test.run=^TestSim$", "-test.timeout=0", "-result"}, args...)...).
		WithRandSource(randomness(chance)).WithEnv("GOGC", "off")
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(reserve))
	m, err := p.runtime.InstantiateModule(ctx, p.module, cfg)
	if m != nil {
		defer m.Close(ctx)
	}
	text := out.String()
	for line := range strings.Lines(text) {
		if word, found := strings.CutPrefix(line, "result: "); found {
			var r result
			if err := json.Unmarshal([]byte(word), &r); err != nil {
				return result{}, text, fmt.Errorf("read the result: %w", err)
			}
			return r, text, nil
		}
	}
	return result{}, text, fmt.Errorf("the simulation ended without a result: %w", err)
}

func randomness(chance uint64) io.Reader {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(chance >> (8 * i))
	}
	return rand.NewChaCha8(key)
}
