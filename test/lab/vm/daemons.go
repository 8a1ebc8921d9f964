package vm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The binaries of the product, as built by the root Makefile.
const (
	BinaryClient     = "holdfast"
	BinaryController = "holdfast-controller"
	BinarySatellite  = "holdfast-satellite"
)

const (
	binDir         = "/usr/local/bin"
	controllerPort = 3370
	satellitePort  = 3366
)

var binaries = []string{BinaryClient, BinaryController, BinarySatellite}

// daemonConfig is how the product's daemons are started.
type daemonConfig struct {
	controllerArgs []string
	satelliteArgs  []string
	patience       time.Duration
}

func defaultDaemons() daemonConfig { return daemonConfig{patience: time.Minute} }

// ControllerArgs sets the controller's arguments for later starts.
func (l *Lab) ControllerArgs(args ...string) { l.daemons.controllerArgs = args }

// SatelliteArgs sets the satellites' arguments for later starts.
func (l *Lab) SatelliteArgs(args ...string) { l.daemons.satelliteArgs = args }

// MissingBinaries lists which of the product's binaries a folder lacks.
func MissingBinaries(dir string) []string {
	var missing []string
	for _, name := range binaries {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// PutBinaries copies the product's binaries to all machines.
func (l *Lab) PutBinaries(ctx context.Context, dir string) error {
	if missing := MissingBinaries(dir); len(missing) > 0 {
		return fmt.Errorf("folder %s lacks %v; build them first", dir, missing)
	}
	begin := time.Now()
	err := l.Each(ctx, func(ctx context.Context, n *Node) error {
		for _, name := range binaries {
			if err := n.putHostFile(ctx, filepath.Join(dir, name), filepath.Join(binDir, name), 0o755); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.timings.add("put binaries", time.Since(begin))
	return nil
}

// StartController starts the controller on node 1 and waits for its port.
func (l *Lab) StartController(ctx context.Context) error {
	return l.Node(1).startAndAwait(ctx, BinaryController, controllerPort, l.daemons.controllerArgs)
}

// StartSatellites starts the satellites of all machines and waits for their ports.
func (l *Lab) StartSatellites(ctx context.Context) error {
	return l.Each(ctx, func(ctx context.Context, n *Node) error { return n.StartSatellite(ctx) })
}

// StartSatellite starts the satellite of one machine and waits for its port.
func (n *Node) StartSatellite(ctx context.Context) error {
	return n.startAndAwait(ctx, BinarySatellite, satellitePort, n.lab.daemons.satelliteArgs)
}

// KillDaemon ends a daemon as a crash would. One that does not run is no error.
func (n *Node) KillDaemon(ctx context.Context, name string) error {
	_, err := n.Run(ctx, "pkill", "-KILL", "-f", "^"+filepath.Join(binDir, name))
	var exit *ExitError
	if errors.As(err, &exit) && exit.Code == 1 {
		return nil
	}
	return err
}

// DaemonLog gives the last lines a daemon has printed.
func (n *Node) DaemonLog(ctx context.Context, name string, lines int) string {
	data, err := n.Get(ctx, "/var/log/lab/"+name+".log")
	if err != nil {
		return err.Error()
	}
	return tail(string(data), lines)
}

func (n *Node) startAndAwait(ctx context.Context, name string, port int, args []string) error {
	argv := append([]string{filepath.Join(binDir, name)}, args...)
	pid, err := n.Daemon(ctx, name, nil, argv...)
	if err != nil {
		return err
	}
	// One call that waits inside the machine: an agent call costs more than a look.
	script := fmt.Sprintf(`for i in $(seq %d); do
	[[ -d /proc/%d ]] || exit 3
	[[ -n $(ss -Hltn 'sport = :%d') ]] && exit 0
	sleep 0.2
done
exit 4`, int(n.lab.daemons.patience/(200*time.Millisecond)), pid, port)
	if _, err := n.Shell(ctx, script); err != nil {
		return fmt.Errorf("%s: %s does not listen on port %d: %w; its log ends with:\n%s",
			n.Name(), name, port, err, n.DaemonLog(ctx, name, 20))
	}
	return nil
}
