package name

import (
	"net/netip"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// CheckAddress checks the IP address of a net interface.
func CheckAddress(s string) *fault.Fault {
	why := ""
	switch a, err := netip.ParseAddr(s); {
	case s == "":
		why = "it is empty"
	case err != nil:
		why = "it is neither an IPv4 nor an IPv6 address"
	case a.Zone() != "":
		why = "an address with a zone is only valid on one host"
	case a.IsUnspecified():
		why = "it stands for every address of a host, not for one"
	case a.IsMulticast():
		why = "it is a multicast address"
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidNetAddr, "'%s' is not a valid IP address.", shown(s)).
		Because("field 'address': %s", why).
		Fix("Use the address under which other nodes reach this one, such as 192.0.2.10 or 2001:db8::10.")
}
