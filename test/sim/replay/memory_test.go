//go:build !race

package replay_test

import (
	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// memory is an instance's memory: address space that is taken at once, so that it need
// not be copied when it grows, and filled by the system where it is touched.
type memory struct{ all []byte }

// most is more than any run needs.
const most = 1 << 30

func reserve(_, max uint64) experimental.LinearMemory {
	all, err := unix.Mmap(-1, 0, int(min(max, most)), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		panic("reserve memory for an instance: " + err.Error())
	}
	return &memory{all}
}

// Reallocate gives more of what is reserved.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) {
		return nil
	}
	return m.all[:size:size]
}

// Free gives all of it back.
func (m *memory) Free() { _ = unix.Munmap(m.all) }
