package vm

import (
	"bytes"
	"fmt"
)

const (
	cpioFile = 0o100000
	cpioDir  = 0o040000
)

// writeCpio appends one entry of a "newc" archive, the only form the kernel
// unpacks: a header of hexadecimal fields, the name, the data, each padded to
// four bytes.
func writeCpio(to *bytes.Buffer, name string, mode int, data []byte) {
	const uid, gid, links, mtime, device = 0, 0, 1, 0, 0
	fmt.Fprintf(to, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		to.Len(), mode, uid, gid, links, mtime, len(data), device, device, device, device, len(name)+1, 0, name)
	pad(to)
	to.Write(data)
	pad(to)
}

func pad(to *bytes.Buffer) {
	for to.Len()%4 != 0 {
		to.WriteByte(0)
	}
}
