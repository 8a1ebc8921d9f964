package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/serve/satellite"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// host is a simulated machine; its satellite is the real one, on a real port.
type host struct {
	name, addr, state string
	machine           *sim.Machine
	lvm               *sim.LVM
	drbd              *sim.DRBD
	end               func()
}

// address gives the next host its address and tells the script of it.
func (w *world) address(ts *testscript.TestScript, name string) string {
	ip := w.net + strconv.Itoa(101+len(w.hosts)+len(w.strangers))
	ts.Setenv("IP_"+name, ip)
	return net.JoinHostPort(ip, strconv.Itoa(w.port))
}

// satelliteCmd is the script command "satellite".
func satelliteCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: satellite [-stop|-start] NAME...")
	}
	w := worldOf(ts)
	switch args[0] {
	case "-stop":
		for _, name := range args[1:] {
			w.host(ts, name).stop()
		}
	case "-start":
		for _, name := range args[1:] {
			ts.Check(w.host(ts, name).start(w))
		}
	default:
		for _, name := range args {
			ts.Check(w.newHost(ts, name).start(w))
		}
	}
}

const poolBytes = 100 << 30

func (w *world) newHost(ts *testscript.TestScript, name string) *host {
	h := &host{name: name, addr: w.address(ts, name), state: filepath.Join(w.work, "state", name), machine: sim.NewMachine(name)}
	h.machine.MakeDir("/pool")
	h.machine.MountFS("/pool", sim.FileSystem{Type: "xfs", CapacityBytes: poolBytes, Reflink: true})
	if w.network != nil {
		h.drbd = sim.NewDRBD(h.machine, w.network)
		sim.NewLUKS(h.machine)
	}
	w.hosts[name] = h
	return h
}

func (w *world) host(ts *testscript.TestScript, name string) *host {
	h, ok := w.hosts[name]
	if !ok {
		ts.Fatalf("there is no host %s", name)
	}
	return h
}

// start starts the satellite. For a moment its former address may still be held by the copy of
// this process that becomes a program of another script.
func (h *host) start(w *world) error {
	var err error
	poll(10*time.Millisecond, func() bool {
		err = h.tryStart(w)
		return !errors.Is(err, syscall.EADDRINUSE)
	})
	return err
}

func (h *host) tryStart(w *world) error {
	h.machine.Restart()
	ready, failed := make(chan struct{}), make(chan error, 1)
	cfg := satellite.Config{Listen: h.addr, Node: h.name, Host: h.machine.Process(), StateDir: h.state, Workers: 2,
		Log: w.log.With("node", h.name), Version: "scripted", Ready: func(string) { close(ready) }}
	h.end = background(func(ctx context.Context) { failed <- satellite.Run(ctx, cfg) })
	select {
	case <-ready:
		return nil
	case err := <-failed:
		return fmt.Errorf("the satellite on %s has ended: %w", h.name, err)
	}
}

// stop kills the satellite.
func (h *host) stop() {
	if h.end == nil {
		return
	}
	h.machine.Crash()
	h.end()
	h.end = nil
}

// verbs is what can be done to a host.
var verbs = map[string]func(h *host, args []string) (string, error){
	// unlink removes a file as a careless user would.
	"unlink": func(h *host, a []string) (string, error) { h.machine.Unlink(a[0]); return "", nil },
	// exists tells whether there is a file.
	"exists": func(h *host, a []string) (string, error) {
		_, there := h.machine.File(a[0])
		return strconv.FormatBool(there) + "\n", nil
	},
	// disk adds an empty disk of so many GiB.
	"disk": func(h *host, a []string) (string, error) {
		gib, err := strconv.ParseInt(a[1], 10, 64)
		h.machine.AddDisk(a[0], "serial-"+filepath.Base(a[0]), gib<<30)
		return "", err
	},
	// lvm installs the tools of LVM.
	"lvm": func(h *host, _ []string) (string, error) { h.lvm = sim.NewLVM(h.machine); return "", nil },
	// vg makes a volume group on a disk.
	"vg": func(h *host, a []string) (string, error) { return "", h.lvm.AddVG(a[0], a[1]) },
	// fill leaves so many MiB free in /pool.
	"fill": func(h *host, a []string) (string, error) {
		mib, err := strconv.ParseInt(a[0], 10, 64)
		h.machine.Fill("/pool", mib<<20)
		return "", err
	},
	// use opens a device as a user would; release closes it.
	"use":     func(h *host, a []string) (string, error) { return "", h.machine.Hold(a[0]) },
	"release": func(h *host, a []string) (string, error) { return "", h.machine.Release(a[0]) },
	// write puts a text onto a device; read gets it back.
	"write": func(h *host, a []string) (string, error) { return "", h.machine.SetMark(a[0], sim.MarkData, a[1]) },
	"read":  func(h *host, a []string) (string, error) { return h.machine.Mark(a[0], sim.MarkData) + "\n", nil },
	// faildisk lets the disk below a replicated volume fail.
	"faildisk": func(h *host, a []string) (string, error) { h.drbd.FailDisk(a[0], 0); return "", nil },
	// powerloss takes the power; everything that was synced stays.
	"powerloss": func(h *host, _ []string) (string, error) { h.stop(); h.machine.PowerLoss(0); return "", nil },
	// disturbed lists what was changed though it belongs to somebody else.
	"disturbed": func(h *host, _ []string) (string, error) { return strings.Join(h.machine.Disturbed(), "\n"), nil },
}

// hostCmd is the script command "host".
func hostCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || verbs[args[1]] == nil {
		ts.Fatalf("usage: host NAME VERB ARGS...")
	}
	out, err := verbs[args[1]](worldOf(ts).host(ts, args[0]), args[2:])
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), out)
}

// networkCmd is the script command "network".
func networkCmd(ts *testscript.TestScript, neg bool, args []string) {
	n := worldOf(ts).network
	if neg || n == nil || len(args) == 0 {
		ts.Fatalf("usage: network cut|heal A B | hold|resync, in a replicated cluster")
	}
	switch {
	case args[0] == "cut" && len(args) == 3:
		n.Cut(args[1], args[2])
	case args[0] == "heal" && len(args) == 3:
		n.Heal(args[1], args[2])
	case args[0] == "hold":
		n.HoldResync(true)
	case args[0] == "resync":
		n.HoldResync(false)
		n.FinishResync()
	default:
		ts.Fatalf("network %v is unknown", args)
	}
}

// kinds are programs that are no satellites of this version.
var kinds = map[string]func(ctx context.Context) http.Handler{
	// silent takes what it gets and never answers.
	"silent": func(ctx context.Context) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-ctx.Done():
			case <-r.Context().Done():
			}
		})
	},
	// newer is a satellite that no longer speaks this version's protocol.
	"newer": func(context.Context) http.Handler {
		refusal := link.Refuse("VERSION_MISMATCH", v1.ApiCallRc{RetCode: v1.FailUnknownError,
			Message: "The satellite speaks protocol versions 7 to 9 only.", Correction: "Update the controller."}).Refusal
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusConflict)
			_ = json.NewEncoder(w).Encode(refusal)
		})
	},
	// web is another program's server.
	"web": func(context.Context) http.Handler { return http.NotFoundHandler() },
}

// strangerCmd is the script command "stranger".
func strangerCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || kinds[args[1]] == nil {
		ts.Fatalf("usage: stranger NAME KIND")
	}
	w := worldOf(ts)
	l, err := net.Listen("tcp", w.address(ts, args[0]))
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	srv := &http.Server{Handler: kinds[args[1]](ctx)}
	stop := background(func(context.Context) { _ = srv.Serve(l) })
	w.strangers = append(w.strangers, func() { cancel(); _ = srv.Close(); stop() })
}
