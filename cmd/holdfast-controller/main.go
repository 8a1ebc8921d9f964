// Command holdfast-controller keeps the cluster's state and serves the API.
// Subcommands show its configuration and look after its database.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"

	"github.com/holdfast-storage/holdfast/internal/certs"
	"github.com/holdfast-storage/holdfast/internal/conf"
	"github.com/holdfast-storage/holdfast/internal/daemon"
	"github.com/holdfast-storage/holdfast/internal/obs"
	"github.com/holdfast-storage/holdfast/internal/serve/controller"
	"github.com/holdfast-storage/holdfast/internal/store/all"
	"github.com/holdfast-storage/holdfast/internal/version"
)

const program = "holdfast-controller"

func main() {
	os.Exit(run(daemon.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
}

func run(st daemon.Streams, args []string) int {
	c, err := load(args)
	if err == nil {
		args = daemon.CommandFirst(args, c.Rest, "config", "db")
	}
	if len(args) > 0 {
		switch args[0] {
		case "config":
			return daemon.ShowConfig(st, program, version.Get().String(), args[1:], func(a []string) (daemon.Settings, error) { return load(a) })
		case "db":
			return database(st, args[1:])
		}
	}
	if err == nil && len(c.Rest) > 0 {
		err = &conf.UsageError{What: fmt.Sprintf("unknown command %q", c.Rest[0])}
	}
	if code, goOn := daemon.Opening(st, program, version.Get().String(), c, err); !goOn {
		return code
	}
	level := new(slog.LevelVar)
	level.Set(c.Logging.SlogLevel())
	log := obs.New(os.Stderr, obs.Resolve(obs.Format(c.Logging.Format), os.Getenv("JOURNAL_STREAM"), os.Stderr), level)
	for _, w := range c.Warnings() {
		log.Warn("setting", "key", w.Key, "source", w.Where, "why", w.Why)
	}
	cfg, err := configure(c, log, level)
	if err != nil {
		return daemon.Fail(st.Err, daemon.ExitConfig, program, err)
	}
	log.Info("starting", "op", program, "version", version.Get().String())
	alive := daemon.AnswersHTTP("/health")
	if cfg.HTTP == "" {
		alive = daemon.Always
	}
	return daemon.Run(log, daemon.Systemd(log, alive), func(ctx context.Context, ready func(string)) error {
		cfg.Ready = ready
		return controller.Run(ctx, cfg)
	})
}

func load(args []string) (*conf.Controller, error) {
	return conf.LoadController(conf.Input{Args: args, Getenv: os.Getenv, ReadFile: os.ReadFile, Stat: os.Stat})
}

func configure(c *conf.Controller, log *slog.Logger, level *slog.LevelVar) (controller.Config, error) {
	cfg := controller.Config{
		HTTP: daemon.Wildcard(c.HTTP.Addr()), HTTPS: daemon.Wildcard(c.HTTPS.Addr()),
		Open: all.SQLite(c.DB.Path, log), LogDir: c.Logging.Directory, Wait: c.Wait, Log: log, Level: level,
		MasterPassphrase: c.MasterPassphrase, Settings: c.Settings(), Version: version.Get().API(),
	}
	if c.DB.InMemory {
		cfg.Open = all.Memory()
	}
	var err error
	if c.HTTPS.Enabled {
		if cfg.TLS, err = certs.Server(certs.Files(c.HTTPSPEM), tls.VersionTLS12, log); err != nil {
			return cfg, fmt.Errorf("[https]: %w", err)
		}
	}
	if c.Satellites.Given() {
		if cfg.SatelliteTLS, err = certs.Client(certs.Files(c.Satellites), log); err != nil {
			return cfg, fmt.Errorf("[satellites]: %w", err)
		}
	}
	return cfg, nil
}
