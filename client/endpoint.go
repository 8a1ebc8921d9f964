package client

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Default ports of a controller.
const (
	DefaultPort    = "3370"
	DefaultTLSPort = "3371"
)

// Endpoint is the address of one controller.
type Endpoint struct {
	// TLS tells https from http.
	TLS  bool
	Host string
	Port string
}

// BaseURL is the http or https address without a path.
func (e Endpoint) BaseURL() string {
	scheme := "http"
	if e.TLS {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(e.Host, e.Port)
}

// String is the address in the linstor:// form that users know.
func (e Endpoint) String() string {
	scheme := "linstor"
	if e.TLS {
		scheme = "linstor+ssl"
	}
	return scheme + "://" + net.JoinHostPort(e.Host, e.Port)
}

// ParseEndpoints reads controller addresses; each may be a comma separated list.
// Nothing gives the controller on this host.
func ParseEndpoints(controllers []string) ([]Endpoint, error) {
	var out []Endpoint
	for _, list := range controllers {
		for one := range strings.SplitSeq(list, ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			e, err := ParseEndpoint(one)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		out = []Endpoint{{Host: "localhost", Port: DefaultPort}}
	}
	return out, nil
}

// ParseEndpoint reads one controller address.
func ParseEndpoint(s string) (Endpoint, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "linstor", s
	}
	var e Endpoint
	switch strings.ToLower(scheme) {
	case "linstor", "http":
		e.Port = DefaultPort
	case "linstor+ssl", "linstor+tls", "linstors", "https":
		e.TLS, e.Port = true, DefaultTLSPort
	default:
		return e, fmt.Errorf("controller %q: unknown scheme %q, use linstor://, linstor+ssl://, http:// or https://", s, scheme)
	}
	rest, path, _ := strings.Cut(rest, "/")
	if strings.Trim(path, "/") != "" {
		return e, fmt.Errorf("controller %q: a path is not allowed, give scheme://host:port", s)
	}
	if strings.Contains(rest, "@") {
		return e, fmt.Errorf("controller: user and password do not belong into the address, use the options for them")
	}
	host, port, err := splitHostPort(rest)
	if err != nil {
		return e, fmt.Errorf("controller %q: %w", s, err)
	}
	e.Host = host
	if port != "" {
		e.Port = port
	}
	return e, nil
}

func splitHostPort(s string) (host, port string, err error) {
	bare := strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
	switch {
	case bare:
		host = s[1 : len(s)-1]
	case strings.Count(s, ":") > 1 && !strings.HasPrefix(s, "["):
		host = s // an IPv6 address without brackets cannot carry a port
	case strings.Contains(s, ":"):
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", "", err
		}
	default:
		host = s
	}
	if host == "" {
		return "", "", fmt.Errorf("the host is missing")
	}
	if strings.ContainsAny(host, " \t/?#[]") || strings.Contains(host, ":") && !isIPv6(host) {
		return "", "", fmt.Errorf("%q is not a host name", host)
	}
	if port != "" {
		if _, err := net.LookupPort("tcp", port); err != nil {
			return "", "", fmt.Errorf("%q is not a port", port)
		}
	}
	return host, port, nil
}

// isIPv6 accepts a zone too.
func isIPv6(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is6()
}

// redirected is the TLS endpoint that a plain one points to with its Location.
func (e Endpoint) redirected(location string) (Endpoint, bool) {
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "https" {
		return e, false
	}
	to := Endpoint{TLS: true, Host: e.Host, Port: u.Port()}
	if to.Port == "" {
		to.Port = "443"
	}
	// The port is the controller's; the host stays the one the user named, which
	// the certificate is for and which is known to be reachable.
	return to, true
}
