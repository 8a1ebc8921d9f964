package sim

import (
	"maps"
	"path"
	"slices"
	"strings"
	"syscall"
)

// blockBytes is what files are allocated in.
const blockBytes = 4096

// FileSystem is what a test says about a mounted file system.
type FileSystem struct {
	Type          string
	CapacityBytes int64
	// Reflink tells whether cp --reflink=always works.
	Reflink bool
	// NoFallocate makes fallocate fail as on NFS or ZFS.
	NoFallocate bool
	// NoDirectIO makes losetup --direct-io=on fail as on some file systems.
	NoDirectIO bool
}

type fileSystem struct {
	FileSystem
	dir  string
	dev  uint64
	used int64
}

func (f *fileSystem) free() int64 { return f.CapacityBytes - f.used }

// inode is a file, directory or symbolic link.
type inode struct {
	ino   uint64
	kind  byte // f, d or l as find prints it
	fs    *fileSystem
	data  []byte
	size  int64
	alloc int64
	// charged is the part of alloc that the file system has counted; a reflink
	// copy has allocated blocks that cost nothing.
	charged int64
	nlink   int
	// opens counts loop devices, which keep a deleted file alive.
	opens   int
	content *Content
}

// tree is the machine's files. A directory is a map of its entries, so that
// looking up and listing cost what they touch.
type tree struct {
	dirs     map[string]map[string]*inode
	self     map[string]*inode // the directories' own inodes
	mounted  map[string]*fileSystem
	nextIno  uint64
	unsynced []unsynced
	// full lets every file system be full for the operation under way.
	full bool
}

// unsynced is a change that a power loss may undo.
type unsynced struct {
	node *inode
	undo func()
}

func newTree() *tree {
	return &tree{dirs: map[string]map[string]*inode{}, self: map[string]*inode{},
		mounted: map[string]*fileSystem{}, nextIno: 1000}
}

func (t *tree) mount(dir string, f FileSystem) {
	t.mounted[dir] = &fileSystem{FileSystem: f, dir: dir, dev: 64768 + uint64(len(t.mounted))}
	t.mkdirAll(dir)
	t.self[dir].fs = t.mounted[dir]
}

// fsOf is the file system that a path is on.
func (t *tree) fsOf(p string) *fileSystem {
	for {
		if f, found := t.mounted[p]; found {
			return f
		}
		if p == "/" || p == "." {
			return nil
		}
		p = path.Dir(p)
	}
}

func (t *tree) newNode(p string, kind byte) *inode {
	t.nextIno++
	return &inode{ino: t.nextIno, kind: kind, fs: t.fsOf(p), nlink: 1, content: newContent()}
}

func (t *tree) mkdirAll(p string) {
	p = path.Clean(p)
	if t.dirs[p] != nil {
		return
	}
	node := t.newNode(p, 'd')
	if p != "/" {
		t.mkdirAll(path.Dir(p))
		t.dirs[path.Dir(p)][path.Base(p)] = node
	}
	node.size, node.alloc = blockBytes, blockBytes
	t.dirs[p], t.self[p] = map[string]*inode{}, node
}

// rmdir removes a directory with all that is in it.
func (t *tree) rmdir(p string) {
	for dir := range t.dirs {
		if dir == p || strings.HasPrefix(dir, p+"/") {
			for name := range t.dirs[dir] {
				t.unlink(path.Join(dir, name))
			}
			delete(t.dirs, dir)
			delete(t.self, dir)
		}
	}
	delete(t.dirs[path.Dir(p)], path.Base(p))
}

// at finds what is at a path, nil for nothing. Links are not followed.
func (t *tree) at(p string) *inode {
	p = path.Clean(p)
	if n := t.self[p]; n != nil {
		return n
	}
	return t.dirs[path.Dir(p)][path.Base(p)]
}

// names lists a directory, sorted.
func (t *tree) names(dir string) []string { return slices.Sorted(maps.Keys(t.dirs[dir])) }

// enter puts a new name for a node into its directory.
func (t *tree) enter(p string, node *inode) error {
	dir, base := path.Dir(path.Clean(p)), path.Base(p)
	if t.dirs[dir] == nil {
		return syscall.ENOENT
	}
	if t.at(p) != nil {
		return syscall.EEXIST
	}
	t.dirs[dir][base] = node
	return nil
}

// unlink removes a name; the space is freed with the last name and opener.
func (t *tree) unlink(p string) {
	dir, base := path.Dir(path.Clean(p)), path.Base(p)
	node := t.dirs[dir][base]
	if node == nil {
		return
	}
	delete(t.dirs[dir], base)
	node.nlink--
	t.release(node)
}

func (t *tree) release(node *inode) {
	if node.nlink > 0 || node.opens > 0 {
		return
	}
	node.fs.used -= node.charged
	node.alloc, node.charged = 0, 0
}

// setAlloc makes a file take so many bytes, if there is room.
func (t *tree) setAlloc(node *inode, bytes int64) error {
	bytes = (bytes + blockBytes - 1) / blockBytes * blockBytes
	grow := bytes - node.alloc
	if grow > 0 && (t.full || grow > node.fs.free()) {
		return syscall.ENOSPC
	}
	charged := max(node.charged+grow, 0)
	node.fs.used += charged - node.charged
	node.alloc, node.charged = node.alloc+grow, charged
	return nil
}

// notSynced notes how to undo a change of a node.
func (t *tree) notSynced(node *inode, undo func()) {
	t.unsynced = append(t.unsynced, unsynced{node, undo})
}

// synced makes all changes of a node durable.
func (t *tree) synced(node *inode) (any bool) {
	n := len(t.unsynced)
	t.unsynced = slices.DeleteFunc(t.unsynced, func(u unsynced) bool { return u.node == node })
	return len(t.unsynced) != n
}

// loseUnsynced undoes the newest n changes that nobody synced, all with −1.
func (t *tree) loseUnsynced(n int) {
	if n < 0 || n > len(t.unsynced) {
		n = len(t.unsynced)
	}
	for i := len(t.unsynced) - 1; i >= len(t.unsynced)-n; i-- {
		if u := t.unsynced[i]; u.node.nlink > 0 {
			u.undo()
		}
	}
	t.unsynced = nil
}
