package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/sqlite"
)

func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fatal{}.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// fill writes a database with many objects, in the form in which they are stored.
func fill(path string, definitions, replicas int) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
	if err != nil {
		fatal{}.Fatalf("open the database: %v", err)
	}
	defer db.Close()
	lease, err := db.Lead(ctx, "bench", time.Now(), time.Minute)
	if err != nil {
		fatal{}.Fatalf("take the lease: %v", err)
	}
	w := model.NewWorld()
	tx := w.Begin(model.Env{Now: time.Now(), NewUUID: uuid.NewString})
	for i := range 100 {
		tx.PutNode(&model.Node{Name: fmt.Sprintf("n%03d", i), UUID: uuid.NewString(), Type: model.NodeAuxiliary})
		tx.PutPool(&model.Pool{Node: fmt.Sprintf("n%03d", i), Name: "pool", UUID: uuid.NewString(), Kind: v1.ProviderKindFileThin})
	}
	for d := range definitions {
		name := fmt.Sprintf("rsc%05d", d)
		tx.PutDefinition(&model.Definition{Name: name, UUID: uuid.NewString(), Group: "grp", Stack: []v1.LayerType{"STORAGE"},
			Volumes: []model.VolumeDefinition{{UUID: uuid.NewString(), SizeKiB: 1 << 20, Minor: -1}}})
		for r := range replicas {
			tx.PutResource(&model.Resource{Definition: name, Node: fmt.Sprintf("n%03d", (d+r*33)%100), UUID: uuid.NewString(),
				Stack: []v1.LayerType{"STORAGE"}, Volumes: []model.Volume{{UUID: uuid.NewString(), Pool: "pool"}}})
		}
	}
	changes, err := tx.Changes()
	if err != nil {
		fatal{}.Fatalf("encode: %v", err)
	}
	out := make([]store.Change, 0, len(changes))
	for _, c := range changes {
		out = append(out, store.Change(c))
	}
	if _, err := db.Apply(ctx, lease, 0, out); err != nil {
		fatal{}.Fatalf("fill the database: %v", err)
	}
	_ = db.Resign(ctx, lease)
}

// daemon starts a program and answers how to stop it.
func (b *bench) daemon(name string, args ...string) (*exec.Cmd, func()) {
	cmd := exec.Command(filepath.Join(b.bin, name), args...)
	var out bytes.Buffer
	cmd.Stderr, cmd.Stdout = &out, &out
	if err := cmd.Start(); err != nil {
		fatal{}.Fatalf("start %s: %v (run 'make build' first)", name, err)
	}
	return cmd, func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
}

func rss(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(v), " kB"), 10, 64)
			return n
		}
	}
	return 0
}

// start measures the time from the start of the process to its first answer.
func (b *bench) start() {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		fatal{}.Fatalf("make a folder: %v", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "holdfast.db")
	fill(path, 10000, 3)
	var took []time.Duration
	var mem int64
	for range b.runs {
		port := freePort()
		conf := filepath.Join(dir, "linstor.toml")
		toml := fmt.Sprintf("[http]\nport = %d\nlisten_addr = \"127.0.0.1\"\n[db]\npath = %q\n", port, path)
		if err := os.WriteFile(conf, []byte(toml), 0o600); err != nil {
			fatal{}.Fatalf("write the configuration: %v", err)
		}
		t := time.Now()
		cmd, stop := b.daemon("holdfast-controller", "-c", dir, "--logs", dir)
		url := fmt.Sprintf("http://127.0.0.1:%d/v1/resource-definitions/rsc09999", port)
		for {
			resp, err := http.Get(url)
			if err == nil {
				var d v1.ResourceDefinition
				err = json.NewDecoder(resp.Body).Decode(&d)
				resp.Body.Close()
				if err == nil && d.Name != "" {
					break
				}
			}
			if time.Since(t) > 30*time.Second {
				fatal{}.Fatalf("the controller does not answer: %v", err)
			}
			time.Sleep(2 * time.Millisecond)
		}
		took = append(took, time.Since(t))
		mem = rss(cmd.Process.Pid)
		stop()
	}
	b.add("controller start to first answer, 10 000 RDs / 30 000 resources", "< 1 s", median(took).Round(time.Millisecond).String(), median(took) < time.Second)
	b.add("  resident memory then", "< 200 MB", fmt.Sprintf("%d MB", mem/1000), mem < 200000)
}

// cli measures the start of the command line program.
func (b *bench) cli() {
	var took []time.Duration
	for range b.runs * 4 {
		t := time.Now()
		if err := exec.Command(filepath.Join(b.bin, "holdfast"), "--version").Run(); err != nil {
			fatal{}.Fatalf("run holdfast --version: %v", err)
		}
		took = append(took, time.Since(t))
	}
	b.add("CLI start (holdfast --version)", "< 30 ms", median(took).Round(100*time.Microsecond).String(), median(took) < 30*time.Millisecond)
}

// idle measures a satellite that has nothing to do.
func (b *bench) idle() {
	dir, err := os.MkdirTemp("", "holdfast-bench-")
	if err != nil {
		fatal{}.Fatalf("make a folder: %v", err)
	}
	defer os.RemoveAll(dir)
	port := freePort()
	cmd, stop := b.daemon("holdfast-satellite", "-c", dir, "--logs", dir, "--bind-address", "127.0.0.1", "--port", strconv.Itoa(port))
	defer stop()
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(deadline) {
			fatal{}.Fatalf("the satellite does not listen: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(2 * time.Second)
	mem := rss(cmd.Process.Pid)
	b.add("idle satellite, resident memory", "< 40 MB", fmt.Sprintf("%d MB", mem/1000), mem > 0 && mem < 40000)
}
