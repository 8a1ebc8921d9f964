// Package certs makes TLS configurations from PEM files and follows the files
// when they change, so that a renewed certificate needs no restart.
//
// Invariant: a pair that cannot be read never replaces one that works; the old
// one stays and the log says why. Private keys never reach a log or an error.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files are the PEM files of one end.
type Files struct {
	Certificate string
	Key         string
	// CA are the authorities that the other end's certificate must come from.
	CA string
}

// Server makes the configuration of a listener. With a CA, clients must have a
// certificate of it.
func Server(f Files, oldest uint16, log *slog.Logger) (*tls.Config, error) {
	w, err := watch(f, log)
	if err != nil {
		return nil, err
	}
	base := &tls.Config{MinVersion: max(oldest, tls.VersionTLS12), NextProtos: []string{"h2", "http/1.1"}}
	base.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.now().pair, nil }
	if f.CA != "" {
		base.ClientAuth = tls.RequireAndVerifyClientCert
		base.ClientCAs = w.now().pool
		// Tickets of the inner configurations would not be shared, and a resumed
		// session is not checked against a changed CA.
		base.SessionTicketsDisabled = true
		base.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c := base.Clone()
			c.GetConfigForClient = nil
			c.ClientCAs = w.now().pool
			return c, nil
		}
	}
	return base, nil
}

// Client makes the configuration of a caller that shows a certificate. Its own
// pair follows the files; the CA is read once.
func Client(f Files, log *slog.Logger) (*tls.Config, error) {
	w, err := watch(f, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.now().pool,
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return w.now().pair, nil }}, nil
}

// loaded is what the files held when they were last good.
type loaded struct {
	pair *tls.Certificate
	pool *x509.CertPool
}

// stamp tells whether a file was changed.
type stamp struct {
	mtime time.Time
	size  int64
}

type watcher struct {
	files Files
	log   *slog.Logger

	mu     sync.Mutex
	good   loaded
	stamps [3]stamp
}

func watch(f Files, log *slog.Logger) (*watcher, error) {
	w := &watcher{files: f, log: log, stamps: stampsOf(f)}
	var err error
	w.good, err = load(f)
	return w, err
}

// now is the newest good content; the files are looked at on every handshake.
func (w *watcher) now() loaded {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := stampsOf(w.files)
	if s == w.stamps {
		return w.good
	}
	// Also after a failure: the same broken files are reported once.
	w.stamps = s
	fresh, err := load(w.files)
	if err != nil {
		w.log.Error("changed certificate files cannot be used; the old certificate stays", "err", err)
		return w.good
	}
	w.good = fresh
	w.log.Info("certificate files were read again", "op", w.files.Certificate)
	return w.good
}

func stampsOf(f Files) (s [3]stamp) {
	for i, path := range []string{f.Certificate, f.Key, f.CA} {
		// A missing file is a zero stamp; load says what is wrong.
		if info, err := os.Stat(path); err == nil {
			s[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return s
}

func load(f Files) (loaded, error) {
	pair, err := tls.LoadX509KeyPair(f.Certificate, f.Key)
	if err != nil {
		return loaded{}, fmt.Errorf("read certificate %s and key %s: %w", f.Certificate, f.Key, err)
	}
	l := loaded{pair: &pair}
	if f.CA == "" {
		return l, nil
	}
	pem, err := os.ReadFile(f.CA)
	if err != nil {
		return loaded{}, fmt.Errorf("read certificate authorities: %w", err)
	}
	l.pool = x509.NewCertPool()
	if !l.pool.AppendCertsFromPEM(pem) {
		return loaded{}, fmt.Errorf("%s holds no certificate in PEM form", f.CA)
	}
	return l, nil
}
