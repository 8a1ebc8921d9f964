package daemon

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
)

// AnswersHTTP asks a path of an HTTP server on this host; any answer counts.
func AnswersHTTP(path string) func(ctx context.Context, addr string) error {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, addr string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(addr)+path, nil)
		if err != nil {
			return fmt.Errorf("make the request: %w", err)
		}
		resp, err := client.Do(req)
		if err != nil {
			return fmt.Errorf("ask this daemon: %w", err)
		}
		return resp.Body.Close()
	}
}

// Always is for work that cannot be asked without credentials.
func Always(context.Context, string) error { return nil }

// loopback is an address that reaches a listener on all addresses.
func loopback(addr string) string {
	a, err := netip.ParseAddrPort(addr)
	if err != nil || !a.Addr().IsUnspecified() {
		return addr
	}
	host := "127.0.0.1"
	if a.Addr().Is6() {
		host = "::1"
	}
	return net.JoinHostPort(host, fmt.Sprint(a.Port()))
}
