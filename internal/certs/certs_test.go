package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

// issue writes a pair and the authority's certificate to a directory. Each call
// sets another modification time, as real renewals do.
func (a authority) issue(t *testing.T, dir, name string, serial int64) Files {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	f := Files{filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key"), filepath.Join(dir, name+"-ca.crt")}
	for path, block := range map[string]*pem.Block{f.Certificate: {Type: "CERTIFICATE", Bytes: der},
		f.Key: {Type: "PRIVATE KEY", Bytes: keyDER}, f.CA: {Type: "CERTIFICATE", Bytes: a.cert.Raw}} {
		put(t, path, pem.EncodeToMemory(block), serial)
	}
	return f
}

func put(t *testing.T, path string, data []byte, tick int64) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Unix(1_700_000_000+tick, 0)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

// serve accepts connections and answers each with one byte.
func serve(t *testing.T, cfg *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte{'x'})
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// call gives the serial number of the server's certificate.
func call(addr string, cfg *tls.Config) (int64, error) {
	c, err := tls.Dial("tcp", addr, cfg)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	// With TLS 1.3 a refused client learns it when it reads.
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		return 0, err
	}
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRenewedCertificateIsServed(t *testing.T) {
	dir, ca := t.TempDir(), newAuthority(t, "ca")
	files := ca.issue(t, dir, "server", 10)
	var log bytes.Buffer
	server, err := Server(Files{Certificate: files.Certificate, Key: files.Key}, 0, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	addr := serve(t, server)
	roots := x509.NewCertPool()
	roots.AddCert(ca.cert)
	expect := func(want int64) {
		t.Helper()
		got, err := call(addr, &tls.Config{RootCAs: roots})
		if err != nil || got != want {
			t.Fatalf("served certificate %d, %v; want %d", got, err, want)
		}
	}
	expect(10)
	ca.issue(t, dir, "server", 11)
	expect(11)
	// A half-written renewal must not take the service down.
	put(t, files.Key, []byte("half"), 12)
	expect(11)
	expect(11)
	ca.issue(t, dir, "server", 13)
	expect(13)
	if n := strings.Count(log.String(), "the old certificate stays"); n != 1 {
		t.Errorf("the broken files were reported %d times, want once:\n%s", n, log.String())
	}
}

func TestMutualCertificates(t *testing.T) {
	dir, ca, other := t.TempDir(), newAuthority(t, "ca"), newAuthority(t, "other")
	server, err := Server(ca.issue(t, dir, "server", 1), tls.VersionTLS12, quiet())
	if err != nil {
		t.Fatal(err)
	}
	addr := serve(t, server)
	good, err := Client(ca.issue(t, dir, "client", 2), quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(addr, good); err != nil {
		t.Errorf("a client with a certificate of the CA was refused: %v", err)
	}
	stranger := other.issue(t, dir, "stranger", 3)
	put(t, stranger.CA, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}), 4)
	bad, err := Client(stranger, quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := call(addr, bad); err == nil {
		t.Error("a client with a certificate of another CA got in")
	}
	if _, err := call(addr, &tls.Config{RootCAs: good.RootCAs}); err == nil {
		t.Error("a client without a certificate got in")
	}
	if _, err := call(addr, &tls.Config{RootCAs: good.RootCAs, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("an outdated TLS version was accepted")
	}
	// The CA follows its file too.
	put(t, filepath.Join(dir, "server-ca.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.cert.Raw}), 5)
	if _, err := call(addr, bad); err != nil {
		t.Errorf("the new CA's client was refused: %v", err)
	}
	if _, err := call(addr, good); err == nil {
		t.Error("the old CA's client got in")
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	dir, ca := t.TempDir(), newAuthority(t, "ca")
	f := ca.issue(t, dir, "a", 1)
	wrongKey := Files{Certificate: f.Certificate, Key: ca.issue(t, dir, "b", 2).Key}
	noPEM := filepath.Join(dir, "none.crt")
	put(t, noPEM, []byte("hello"), 1)
	for name, files := range map[string]Files{
		"missing": {Certificate: filepath.Join(dir, "x"), Key: f.Key}, "key of another": wrongKey,
		"empty CA": {f.Certificate, f.Key, noPEM}, "missing CA": {f.Certificate, f.Key, filepath.Join(dir, "x")},
	} {
		if _, err := Server(files, 0, quiet()); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
	}
}
