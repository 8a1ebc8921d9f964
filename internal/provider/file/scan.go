package file

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Scan observes all pools with three commands (find, df, losetup), however many
// volumes there are; sidecars and sizes of loop devices are read as files.
func (Provider) Scan(ctx context.Context, h run.Host, pools []provider.Pool) (provider.Observation, error) {
	obs := provider.Observation{Pools: map[string]provider.PoolState{}, Devices: map[string]map[string]provider.Observed{}}
	dirs := map[string]string{}
	var all []string
	for _, p := range pools {
		dir, err := dirOf(p)
		if err != nil {
			obs.Pools[p.Name] = provider.PoolState{Err: err}
			continue
		}
		dirs[p.Name], all = dir, append(all, dir)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) == 0 {
		return obs, nil
	}
	s := &scan{images: map[string]map[string]*found{}}
	if err := s.observe(ctx, h, all); err != nil {
		return provider.Observation{}, err
	}
	for _, p := range pools {
		if dir, valid := dirs[p.Name]; valid {
			obs.Pools[p.Name] = s.poolState(p, dir)
			obs.Devices[p.Name] = s.devices(p.Name, dir)
		}
	}
	return obs, nil
}

// found is one volume, as its directory shows it.
type found struct {
	image
	uuid      string
	allocated int64
	dev, ino  uint64
}

type scan struct {
	list  listing
	space map[string]fileSystem
	// images by directory and volume name.
	images map[string]map[string]*found
}

func (s *scan) observe(ctx context.Context, h run.Host, dirs []string) (err error) {
	// Loop devices come first: an image is never removed while it is attached, so
	// one that is listed afterwards has at least the attachments seen here.
	loops, err := listLoops(ctx, h)
	if err != nil {
		return err
	}
	slices.SortFunc(loops, func(a, b loopDevice) int { return strings.Compare(a.Name, b.Name) })
	users, err := loopUsers(ctx, h)
	if err != nil {
		return err
	}
	if s.list, err = list(ctx, h, dirs); err != nil {
		return err
	}
	if s.space, err = measure(ctx, h, dirs); err != nil {
		return err
	}
	for dir, entries := range s.list.entries {
		s.images[dir] = make(map[string]*found, len(entries)/2)
		if err := s.addEntries(ctx, h, dir, entries); err != nil {
			return err
		}
	}
	return s.addLoops(ctx, h, loops, users)
}

func (s *scan) at(dir, name string) *found {
	f := s.images[dir][name]
	if f == nil {
		f = &found{}
		s.images[dir][name] = f
	}
	return f
}

func (s *scan) addEntries(ctx context.Context, h run.Host, dir string, entries []entry) error {
	for _, e := range entries {
		if name, is := volumeOfSidecar(e.name); is {
			if err := readSidecar(ctx, h, path.Join(dir, e.name), s, dir, name); err != nil {
				return err
			}
			continue
		}
		if name, is := volumeOfImage(e.name); is {
			f := s.at(dir, name)
			f.Kind, f.Bytes, f.allocated, f.dev, f.ino = e.kind, e.bytes, e.allocated, e.dev, e.ino
		}
	}
	return nil
}

func readSidecar(ctx context.Context, h run.Host, file string, s *scan, dir, name string) error {
	data, err := h.ReadFile(ctx, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed since the listing
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f := s.at(dir, name)
	var sc sidecar
	if err == nil {
		sc, err = parseSidecar(data)
	}
	if err != nil {
		f.BadSidecar = err.Error()
		return nil
	}
	f.uuid, f.Phase, f.SizeKiB = sc.UUID, sc.Phase, sc.SizeKiB
	return nil
}

// addLoops gives each image its loop devices. The inode decides, because the path
// that the kernel shows is another one where the pool directory is a symbolic
// link; the path is what is left for a file that was deleted.
func (s *scan) addLoops(ctx context.Context, h run.Host, loops []loopDevice, users map[string]bool) error {
	type key struct{ dev, ino uint64 }
	byInode := map[key][]*found{}
	for _, images := range s.images {
		for _, f := range images {
			if f.Kind == "f" {
				byInode[key{f.dev, f.ino}] = append(byInode[key{f.dev, f.ino}], f)
			}
		}
	}
	for _, l := range loops {
		owners := byInode[key{uint64(l.BackDev), uint64(l.BackIno)}]
		replaced := false
		if len(owners) == 0 {
			owners, replaced = s.byPath(l)
		}
		if len(owners) == 0 {
			continue
		}
		a, err := attached(ctx, h, l, users)
		if err != nil {
			return err
		}
		if a == nil {
			continue
		}
		a.Deleted = replaced
		for _, f := range owners {
			f.Loops = append(f.Loops, *a)
		}
	}
	return nil
}

// byPath finds the volume whose image a loop device was attached to by its path;
// replaced tells that the file there now is another one, or none.
func (s *scan) byPath(l loopDevice) (owners []*found, replaced bool) {
	file, deleted := l.backing()
	images, ours := s.images[path.Dir(file)]
	name, isImage := volumeOfImage(path.Base(file))
	if !ours || !isImage {
		return nil, false
	}
	f := images[name]
	if f == nil {
		if !deleted {
			return nil, false // made and attached since the listing
		}
		f = s.at(path.Dir(file), name)
	}
	return []*found{f}, deleted || f.ino != uint64(l.BackIno)
}

func (s *scan) poolState(p provider.Pool, dir string) provider.PoolState {
	_, exists := s.list.entries[dir]
	complaint := s.list.complaints[dir]
	fsys, measured := s.space[dir]
	st := provider.PoolState{Space: fsys.space, NoSnapshots: noReflink(fsys.kind), Notes: map[string]string{noteFileSystem: fsys.kind,
		noteFree: strconv.FormatInt(fsys.space.FreeKiB, 10)}}
	if !isThin(p) {
		st.Space.FreeKiB = promisable(fsys.space.FreeKiB)
	}
	switch {
	case exists && complaint != "":
		st.Err = faultUnreadable(p, dir, complaint)
	case !exists:
		st.Err = faultNoDirectory(p, dir)
	case !measured:
		st.Err = faultUnreadable(p, dir, "df says nothing about it")
	case !isThin(p) && !canAllocate(fsys.kind):
		st.Err = faultNoFallocate(p, fsys.kind)
	}
	return st
}

func (s *scan) devices(pool, dir string) map[string]provider.Observed {
	out := make(map[string]provider.Observed, len(s.images[dir]))
	for name, f := range s.images[dir] {
		if f.Kind == "" && f.uuid == "" && f.BadSidecar == "" && len(f.Loops) == 0 {
			continue
		}
		o := provider.Observed{Pool: pool, Name: name, UUID: f.uuid, SizeKiB: f.Bytes / 1024,
			AllocatedKiB: f.allocated / 1024, Found: &f.image, Doubtful: f.BadSidecar != "", Remnant: f.remnant()}
		if d := f.device(); d != nil {
			o.Path, o.SizeKiB = d.Device, d.SizeKiB
		}
		o.Open = f.openLoop() != nil
		out[name] = o
	}
	return out
}
