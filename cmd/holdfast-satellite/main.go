// Command holdfast-satellite makes and watches the volumes of the node it runs
// on, as the controller asks it to.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/certs"
	"github.com/holdfast-storage/holdfast/internal/conf"
	"github.com/holdfast-storage/holdfast/internal/daemon"
	"github.com/holdfast-storage/holdfast/internal/obs"
	"github.com/holdfast-storage/holdfast/internal/run/logged"
	"github.com/holdfast-storage/holdfast/internal/run/oshost"
	"github.com/holdfast-storage/holdfast/internal/serve/satellite"
	"github.com/holdfast-storage/holdfast/internal/version"
)

const program = "holdfast-satellite"

func main() {
	os.Exit(run(daemon.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
}

func run(st daemon.Streams, args []string) int {
	build := version.Get().String()
	s, err := load(args)
	if err == nil {
		args = daemon.CommandFirst(args, s.Rest, "config")
	}
	if len(args) > 0 && args[0] == "config" {
		return daemon.ShowConfig(st, program, build, args[1:], func(a []string) (daemon.Settings, error) { return load(a) })
	}
	if err == nil && len(s.Rest) > 0 {
		err = &conf.UsageError{What: fmt.Sprintf("unknown command %q", s.Rest[0])}
	}
	if code, goOn := daemon.Opening(st, program, build, s, err); !goOn {
		return code
	}
	level := new(slog.LevelVar)
	level.Set(s.Logging.SlogLevel())
	log := obs.New(os.Stderr, obs.Resolve(obs.Format(s.Logging.Format), os.Getenv("JOURNAL_STREAM"), os.Stderr), level)
	for _, w := range s.Warnings() {
		log.Warn("setting", "key", w.Key, "source", w.Where, "why", w.Why)
	}
	cfg, err := configure(s, log)
	cfg.Level = level
	if err != nil {
		return daemon.Fail(st.Err, daemon.ExitConfig, program, err)
	}
	log.Info("starting", "op", program, "version", build)
	alive := daemon.AnswersHTTP("/")
	if cfg.TLS != nil {
		// Only a controller's certificate would get an answer.
		alive = daemon.Always
	}
	return daemon.Run(log, daemon.Systemd(log, alive), func(ctx context.Context, ready func(string)) error {
		cfg.Ready = ready
		return satellite.Run(ctx, cfg)
	})
}

func load(args []string) (*conf.Satellite, error) {
	return conf.LoadSatellite(conf.Input{Args: args, Getenv: os.Getenv, ReadFile: os.ReadFile, Stat: os.Stat})
}

func configure(s *conf.Satellite, log *slog.Logger) (satellite.Config, error) {
	cfg := satellite.Config{Listen: daemon.Wildcard(s.Addr()), Node: s.Node, StateDir: s.StateDir, Workers: s.Workers,
		Log: log, Version: version.Get().Number, Host: logged.Host(oshost.New(), log)}
	if !s.SSL() {
		return cfg, nil
	}
	oldest := uint16(tls.VersionTLS12)
	if strings.EqualFold(s.Protocol, "TLSv1.3") {
		oldest = tls.VersionTLS13
	}
	var err error
	if cfg.TLS, err = certs.Server(certs.Files(s.PEM), oldest, log); err != nil {
		return cfg, fmt.Errorf("[netcom]: %w", err)
	}
	return cfg, nil
}
