package drbd

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// minSecret is the shortest secret that proves anything.
const minSecret = 8

// foreign refuses a resource of the same name that is not ours. It is ours by the
// file that we wrote for it, or by the secret that only its nodes know: that is
// how a cluster that was managed by something else before is taken over.
func foreign(w *Wanted, o *Observed) error {
	name := w.Resource.FullName()
	for path, text := range map[string][]byte{w.Path(): o.File, w.GoodPath(): o.Good} {
		if text != nil && !Ours(text) && !carriesSecret(text, w.Resource.Secret) {
			return fault.New(v1.FailExistsResource, "The file %s is not Holdfast's.", path).
				Because("it does not begin with Holdfast's mark, and does not have the resource's secret").
				Fix("Move the file away if resource '%s' on this node is not needed as it is.", name).Ref("RscDfn", w.Resource.Name)
		}
	}
	if o.State == nil || o.File != nil || o.Good != nil {
		return nil
	}
	if len(w.Resource.Secret) >= minSecret && o.RunningSecret == w.Resource.Secret {
		return nil
	}
	return fault.New(v1.FailExistsResource, "DRBD on this node has a resource '%s' that is not Holdfast's.", name).
		Because("it is in the kernel, there is no file %s for it, and its secret is not that of the resource", w.Path()).
		Fix("Use another name; or run drbdsetup down %s if it is not needed.", name).Ref("RscDfn", w.Resource.Name)
}

// carriesSecret tells whether a file that we did not write is for this resource.
func carriesSecret(text []byte, secret string) bool {
	q, why := quote(secret)
	if why != "" || len(secret) < minSecret {
		return false
	}
	return regexp.MustCompile(`\sshared-secret\s+` + regexp.QuoteMeta(q) + `\s*;`).Match(Body(text))
}

// conflicts refuses what DRBD would refuse half way: another identity of the
// running resource, and minors and ports of others.
func conflicts(w *Wanted, o *Observed) error {
	if err := identity(w, o.State); err != nil {
		return err
	}
	for _, other := range slices.Sorted(maps.Keys(o.Others)) {
		if other == w.Resource.FullName() {
			continue
		}
		if err := deviceConflict(w, o.Others[other]); err != nil {
			return err
		}
		if err := portConflict(w, o.Others[other]); err != nil {
			return err
		}
	}
	return nil
}

func identity(w *Wanted, s *State) error {
	if s == nil {
		return nil
	}
	me, _ := w.Resource.local()
	why := ""
	if s.NodeID >= 0 && s.NodeID != me.NodeID {
		why = fmt.Sprintf("it runs with node id %d, wanted is %d", s.NodeID, me.NodeID)
	}
	for _, v := range w.Resource.Volumes {
		if d, ok := s.Devices[v.Number]; ok && d.Minor != v.Minor {
			why = fmt.Sprintf("volume %d runs with minor number %d, wanted is %d", v.Number, d.Minor, v.Minor)
		}
	}
	if why == "" {
		return nil
	}
	return fault.New(v1.FailInvalidResourceState, "Resource '%s' in the kernel is not as it should be.", w.Resource.FullName()).
		Because("%s, and DRBD cannot change that while it runs", why).
		Fix("Stop what uses it, and run drbdsetup down %s; it is then brought up as wanted.", w.Resource.FullName()).Ref("RscDfn", w.Resource.Name)
}

func deviceConflict(w *Wanted, other State) error {
	for _, v := range w.Resource.Volumes {
		for _, d := range other.Devices {
			if d.Backing != "" && (d.Backing == v.BackingPath || d.Backing == v.MetaPath) {
				return fault.New(v1.FailInvalidResourceState, "The lower device %s of volume %d of resource '%s' cannot be used.",
					d.Backing, v.Number, w.Resource.FullName()).
					Because("DRBD's resource '%s' has it", other.Name).
					Fix("Look why two resources have one device; nothing is changed until this is cleared up.").Ref("RscDfn", w.Resource.Name)
			}
			if d.Minor != v.Minor {
				continue
			}
			return fault.New(v1.FailInvalidMinorNumber, "Volume %d of resource '%s' cannot have the minor number %d on this node.",
				v.Number, w.Resource.FullName(), v.Minor).
				Because("resource '%s' has it", other.Name).
				Fix("If '%s' is not needed, run drbdsetup down %s; else exclude its minor numbers with the property MinorNrAutoRange.", other.Name, other.Name).
				Ref("RscDfn", w.Resource.Name)
		}
	}
	return nil
}

// portConflict compares local addresses. Resources cannot share an address and
// port, even on different paths.
func portConflict(w *Wanted, other State) error {
	me, _ := w.Resource.local()
	local := map[string]bool{}
	for _, p := range w.Resource.linked() {
		for _, path := range w.Resource.paths(me, p) {
			local[strings.Replace(family(path.A.Addr, path.A.Port), " ", ":", 1)] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(other.Connections)) {
		for key := range other.Connections[id].Paths {
			if !local[key.Local] {
				continue
			}
			return fault.New(v1.FailInvalidTCPPort, "Resource '%s' cannot use the address %s on this node.", w.Resource.FullName(), key.Local).
				Because("resource '%s' uses it", other.Name).
				Fix("If '%s' is not needed, run drbdsetup down %s; else block its port with the property TcpPortsBlocked.", other.Name, other.Name).
				Ref("RscDfn", w.Resource.Name)
		}
	}
	return nil
}
