package daemon

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// Wildcard makes an address that asks for all of "::" work where the kernel has
// no IPv6: then it is 0.0.0.0. Any other address stays as it is.
func Wildcard(addr string) string { return wildcard(addr, hasIPv6) }

func wildcard(addr string, hasIPv6 func() bool) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "::" || hasIPv6() {
		return addr
	}
	return net.JoinHostPort("0.0.0.0", port)
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::]:0")
	if err != nil {
		return !errors.Is(err, syscall.EAFNOSUPPORT) && !errors.Is(err, syscall.EADDRNOTAVAIL)
	}
	l.Close()
	return true
}

func isListen(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "listen"
}

// explainListen says in one line why an address cannot be listened on, and what
// to do.
func explainListen(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Addr == nil {
		return err.Error()
	}
	const change = "change the address or port in the configuration file, or on the command line (see --help)"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		who := "another process"
		if port, perr := netip.ParseAddrPort(op.Addr.String()); perr == nil {
			if o, ok := (proc{os.DirFS("/proc")}).owner(port.Port()); ok {
				who = o
			}
		}
		return fmt.Sprintf("cannot listen on %s: %s listens there already; stop it, or %s", op.Addr, who, change)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("cannot listen on %s: this host does not have the address; %s", op.Addr, change)
	case errors.Is(err, syscall.EACCES):
		return fmt.Sprintf("cannot listen on %s: ports below 1024 need the capability CAP_NET_BIND_SERVICE; %s", op.Addr, change)
	}
	return fmt.Sprintf("cannot listen on %s: %v; %s", op.Addr, op.Err, change)
}
