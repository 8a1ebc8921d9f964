package daemon

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// proc finds the process behind a port in /proc, see proc(5).
type proc struct{ fs fs.FS }

// owner names the process that listens on a TCP port, as far as it may be seen.
func (p proc) owner(port uint16) (string, bool) {
	inodes := map[string]bool{}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		data, err := fs.ReadFile(p.fs, table)
		if err != nil {
			continue
		}
		for line := range strings.SplitSeq(string(data), "\n") {
			if inode, ok := listener(line, port); ok {
				inodes["socket:["+inode+"]"] = true
			}
		}
	}
	if len(inodes) == 0 {
		return "", false
	}
	// The glob has no bad pattern, and unreadable folders of others are left out.
	links, _ := fs.Glob(p.fs, "[0-9]*/fd/*")
	for _, link := range links {
		target, err := fs.ReadLink(p.fs, link)
		if err != nil || !inodes[target] {
			continue
		}
		pid := path.Dir(path.Dir(link))
		name, err := fs.ReadFile(p.fs, path.Join(pid, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid), true
	}
	return "", false
}

// listener reads a line of /proc/net/tcp: the fields are number, local address,
// remote address, state (0A is LISTEN), four others and more, and the inode.
func listener(line string, port uint16) (inode string, ok bool) {
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != "0A" {
		return "", false
	}
	i := strings.LastIndexByte(f[1], ':')
	n, err := strconv.ParseUint(f[1][i+1:], 16, 16)
	return f[9], err == nil && uint16(n) == port
}
