package vm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Lab is a set of running machines.
type Lab struct {
	config   Config
	log      *slog.Logger
	lock     *os.File
	ns       netns
	image    image
	initrd   string
	stateKey string
	accel    accel
	nodes    []*Node
	launches chan launch
	timings  timings
	daemons  daemonConfig
	close    sync.Once
}

// Open prepares host, image, warm state and network. The machines run after Fresh.
func Open(ctx context.Context, c Config) (_ *Lab, err error) {
	if err := prepareHost(ctx, c); err != nil {
		return nil, err
	}
	l := &Lab{config: c, log: c.Log, ns: namespaceOf(c), daemons: defaultDaemons()}
	if err := os.MkdirAll(c.CacheDir, 0o755); err != nil {
		return nil, fmt.Errorf("make cache folder: %w", err)
	}
	if l.lock, err = lockCache(c); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if err := removeLeftovers(ctx, c); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.runDir(), 0o755); err != nil {
		return nil, fmt.Errorf("make run folder: %w", err)
	}
	if err := l.ns.create(ctx); err != nil {
		return nil, err
	}
	l.launches = make(chan launch)
	go l.launcher()
	for i := 1; i <= NodeCount; i++ {
		l.nodes = append(l.nodes, newNode(l, i))
	}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// prepare has everything in the cache that machines start from.
func (l *Lab) prepare(ctx context.Context) error {
	var initrdKey string
	steps := []struct {
		name string
		do   func() error
	}{
		{"image", func() (err error) { l.image, err = ensureImage(ctx, l.config); return }},
		{"initial RAM disk", func() (err error) {
			l.initrd, initrdKey, err = ensureInitrd(ctx, l.config, l.image)
			return err
		}},
		{"acceleration", func() (err error) { l.accel, err = chooseAccel(ctx, l.config, l.image, l.initrd); return }},
		{"warm state", func() (err error) {
			if l.stateKey, err = l.stateKeyFor(ctx, initrdKey); err != nil {
				return err
			}
			return l.ensureWarm(ctx)
		}},
	}
	for _, s := range steps {
		begin := time.Now()
		if err := s.do(); err != nil {
			return err
		}
		l.timings.add("prepare "+s.name, time.Since(begin))
	}
	if err := l.prune(); err != nil {
		return err
	}
	l.log.Info("lab ready", "accel", l.Accel())
	return nil
}

// Fresh gives new machines with empty data disks and a whole network, whatever
// was done to the earlier ones.
func (l *Lab) Fresh(ctx context.Context) error {
	begin := time.Now()
	l.PowerOffAll()
	if err := l.Heal(ctx); err != nil {
		return err
	}
	err := l.Each(ctx, func(ctx context.Context, n *Node) error {
		var err error
		if n.disks, err = n.makeDisks(ctx, l.runDir(), l.warmRoot(n), "qcow2"); err != nil {
			return fmt.Errorf("%s: %w", n.Name(), err)
		}
		return n.restore(ctx, l.warmState(n))
	})
	if err != nil {
		return fmt.Errorf("restore the machines: %w", err)
	}
	l.timings.add("restore three machines", time.Since(begin))
	begin = time.Now()
	if _, err := l.Node(1).Run(ctx, "true"); err != nil {
		return fmt.Errorf("try a first command: %w", err)
	}
	l.timings.add("agent call", time.Since(begin))
	return nil
}

// Node gives the machine with a number from 1 on. Another number is a mistake in
// the calling code.
func (l *Lab) Node(i int) *Node { return l.nodes[i-1] }

// Nodes gives all machines.
func (l *Lab) Nodes() []*Node { return l.nodes }

// Each does something on all machines at once and ends when all have.
func (l *Lab) Each(ctx context.Context, f func(ctx context.Context, n *Node) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, n := range l.nodes {
		group.Go(func() error { return f(ctx, n) })
	}
	return group.Wait()
}

// PowerOffAll is a power failure of the whole site.
func (l *Lab) PowerOffAll() {
	var wait sync.WaitGroup
	for _, n := range l.nodes {
		wait.Go(n.PowerOff)
	}
	wait.Wait()
}

// PowerOnAll boots all machines from their disks.
func (l *Lab) PowerOnAll(ctx context.Context) error {
	return l.Each(ctx, func(ctx context.Context, n *Node) error { return n.PowerOn(ctx) })
}

// Accel says how the machines are run: by KVM or emulated.
func (l *Lab) Accel() string {
	kind, _, _ := strings.Cut(l.accel.Accel, ",")
	return kind
}

// Close ends everything the lab has started. The consoles' logs stay until the
// next run.
func (l *Lab) Close() error {
	var err error
	l.close.Do(func() {
		l.PowerOffAll()
		if l.launches != nil {
			close(l.launches)
		}
		// The caller's context may be what ended the run.
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if l.ns.exists() {
			err = l.ns.remove(ctx)
		}
		err = errors.Join(err, removeDisks(l.runDir()), l.lock.Close())
	})
	return err
}

func (l *Lab) runDir() string { return runDirOf(l.config) }

func runDirOf(c Config) string { return filepath.Join(c.CacheDir, "run") }
