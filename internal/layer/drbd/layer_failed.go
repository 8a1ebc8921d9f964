package drbd

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/layer"
)

// diskFailed is the state of a disk that the kernel gives up after an error. It lasts
// for a moment only, and is Diskless then.
const diskFailed = "Failed"

// failures are the disks that the kernel has given up, by resource and volume. They
// are kept until the instruction says that the disks are not to be used: whoever looks
// a moment later could not tell them from disks that were never attached, and would
// attach them again and again. The value is the number of the last scan that had begun
// when the failure was heard of: what that one shows may be from before it.
type failures map[string]map[int]int

func (f failures) add(resource string, volume, scan int) {
	if f[resource] == nil {
		f[resource] = map[int]int{}
	}
	f[resource][volume] = scan
}

// volumes are those of a resource that have failed.
func (f failures) volumes(resource string) map[int]bool {
	out := map[int]bool{}
	for n := range f[resource] {
		out[n] = true
	}
	return out
}

// failedDisk reads a line of DRBD's events that tells of a disk that has failed.
func failedDisk(line string) (resource string, volume int, ok bool) {
	if !strings.Contains(line, " disk:"+diskFailed) || !strings.Contains(line, " device ") {
		return "", 0, false
	}
	volume = -1
	for w := range strings.FieldsSeq(line) {
		if n, found := strings.CutPrefix(w, "name:"); found {
			resource = n
		}
		if n, found := strings.CutPrefix(w, "volume:"); found {
			if nr, err := strconv.Atoi(n); err == nil {
				volume = nr
			}
		}
	}
	return resource, volume, resource != "" && volume >= 0
}

// noteFailed remembers a disk that has failed.
func (l *Layer) noteFailed(resource string, volume int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed == nil {
		l.failed = failures{}
	}
	l.failed.add(resource, volume, l.scans)
}

// failedOf answers the failed disks of a resource that nobody has dealt with yet. An
// instruction that leaves the disks alone, or has none, deals with them; so does a
// user who attaches one by hand.
func (l *Layer) failedOf(in layer.Input, now *seen, idle bool) map[int]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := in.Resource.Name
	if in.Foresee {
		if idle {
			return nil
		}
		return l.failed.volumes(name)
	}
	if idle {
		delete(l.failed, name)
	}
	for n, scan := range l.failed[name] {
		if d, there := now.states[name].Devices[n]; there && now.scan > scan && d.Disk != DiskDiskless && d.Disk != diskFailed {
			delete(l.failed[name], n)
		}
	}
	return l.failed.volumes(name)
}

// failed are the volumes whose disks have failed, as long as they are not attached.
func (v view) failed() []int {
	var out []int
	for _, n := range slices.Sorted(maps.Keys(v.gone)) {
		if d, running := v.device(n); running && (d.Disk == DiskDiskless || d.Disk == diskFailed) {
			out = append(out, n)
		}
	}
	return out
}

// waitFailed says what a failed disk waits for.
func waitFailed(volume int) string {
	return fmt.Sprintf("The disk of volume %d has failed; it is left alone until the controller has taken note of that.", volume)
}
