package client

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// DefaultTimeout is how long one call may take: changes are answered only when
// all nodes have applied them.
const DefaultTimeout = 300 * time.Second

const dialTimeout = 10 * time.Second

// Config says which controllers to use and how.
type Config struct {
	// Controllers are tried in order: linstor://host, linstor+ssl://host,
	// http://host:port, https://host:port, host, host:port, [ipv6]:port. An
	// element may be a comma separated list. Empty means localhost.
	Controllers []string
	// TLS is used for https controllers; nil checks against the system's CAs.
	TLS *tls.Config
	// User and Password are sent as HTTP Basic authentication, over TLS only,
	// unless AllowInsecureAuth is set.
	User              string
	Password          string
	AllowInsecureAuth bool
	// Token is sent as a bearer token.
	Token string
	// Timeout is the limit of one call; 0 means DefaultTimeout, less than 0 none.
	Timeout time.Duration
	// UserAgent names the program.
	UserAgent string
	// Logger gets debug records of the calls; nil means none.
	Logger *slog.Logger
	// Transport replaces the HTTP transport, for tests and proxies; TLS is then
	// not used.
	Transport http.RoundTripper
}

func (cfg Config) transport() http.RoundTripper {
	if cfg.Transport != nil {
		return cfg.Transport
	}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       cfg.TLS,
		TLSHandshakeTimeout:   dialTimeout,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
		ResponseHeaderTimeout: 0,
	}
}

func (cfg Config) logger() *slog.Logger {
	if cfg.Logger != nil {
		return cfg.Logger
	}
	return slog.New(slog.DiscardHandler)
}
