package conf

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// splitBind reads what upstream takes as a bind address: an address, or an
// address with a port. An IPv6 address with a port needs brackets.
func splitBind(v string) (host, port string, err error) {
	if _, err := netip.ParseAddr(v); err == nil {
		return v, "", nil
	}
	if strings.HasPrefix(v, "[") && strings.HasSuffix(v, "]") {
		return v[1 : len(v)-1], "", nil
	}
	if !strings.Contains(v, ":") {
		return v, "", nil
	}
	host, port, err = net.SplitHostPort(v)
	if err != nil {
		return "", "", fmt.Errorf("%q is not an address; write ADDRESS, ADDRESS:PORT or [IPV6]:PORT", v)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", "", fmt.Errorf("%q has no valid port; write ADDRESS:PORT with a port from 1 to 65535", v)
	}
	return host, port, nil
}

// bindTo sends a bind address to the keys of address and port.
func bindTo(addrKey, portKey string) func(string) (map[string]string, error) {
	return func(v string) (map[string]string, error) {
		host, port, err := splitBind(v)
		if err != nil {
			return nil, err
		}
		out := map[string]string{}
		if host != "" {
			out[addrKey] = host
		}
		if port != "" {
			out[portKey] = port
		}
		if len(out) == 0 {
			return nil, errors.New("is empty; write ADDRESS or ADDRESS:PORT")
		}
		return out, nil
	}
}

// isAddress checks an address to listen on.
func isAddress(p *string) func() (string, string) {
	return func() (string, string) {
		if _, err := netip.ParseAddr(strings.Trim(*p, "[]")); err == nil || *p == "localhost" {
			return "", ""
		}
		return fmt.Sprintf("%q is not an IP address", *p), `use one of this host's addresses, or "::" for all`
	}
}

// join makes a listen address.
func join(host string, port int) string {
	return net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
}
