package file

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// losetupBoth is what losetup 2.38 prints, and with quotes what 2.32 does.
const losetupBoth = `{
   "loopdevices": [
      {
         "name": "/dev/loop1",
         "back-file": "/srv/pool/a.img (deleted)",
         "back-ino": 9995527,
         "back-maj:min": "     254:0  ",
         "offset": 0,
         "sizelimit": 0,
         "autoclear": false,
         "ro": true
      },{
         "name": "/dev/loop2",
         "back-file": "/srv/pool/b.img",
         "back-ino": "9995528",
         "back-maj:min": "259:300",
         "offset": "512",
         "sizelimit": "0",
         "autoclear": "1",
         "ro": "0"
      },{
         "name": "/dev/loop3",
         "back-file": null,
         "back-ino": null,
         "back-maj:min": null,
         "offset": null
      }
   ]
}
`

func TestParseLoops(t *testing.T) {
	got, err := parseLoops([]byte(losetupBoth))
	if err != nil {
		t.Fatal(err)
	}
	want := []loopDevice{
		{Name: "/dev/loop1", BackFile: "/srv/pool/a.img (deleted)", BackIno: 9995527, BackDev: devNumber(unix.Mkdev(254, 0)), ReadOnly: true},
		{Name: "/dev/loop2", BackFile: "/srv/pool/b.img", BackIno: 9995528, BackDev: devNumber(unix.Mkdev(259, 300)), Offset: 512, AutoClear: true},
		{Name: "/dev/loop3"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, none := range []string{"", "\n", `{"loopdevices": []}`} {
		if got, err := parseLoops([]byte(none)); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", none, got, err)
		}
	}
	for _, bad := range []string{"{", `{"loopdevices":[{"offset":"x"}]}`, `{"loopdevices":[{"ro":"maybe"}]}`, `{"loopdevices":[{"back-maj:min":"7"}]}`} {
		if _, err := parseLoops([]byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestParseListing(t *testing.T) {
	out := strings.Join([]string{
		"/srv/pool\t0\td\t4096\t8\t65024\t99\tpool",
		"/srv/pool\t1\tf\t2\t8\t65024\t101\t.x.img.holdfast",
		"/srv/pool\t1\tf\t1048576\t16\t65024\t102\ta\tb\n.img",
		"/srv/empty\t0\td\t4096\t8\t65024\t98\tempty",
		"/srv/file.img\t0\tf\t4096\t8\t65024\t97\tfile.img", ""}, "\x00")
	got, err := parseListing([]byte(out))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]entry{
		"/srv/pool": {{name: ".x.img.holdfast", kind: "f", bytes: 2, allocated: 4096, dev: 65024, ino: 101},
			{name: "a\tb\n.img", kind: "f", bytes: 1 << 20, allocated: 8192, dev: 65024, ino: 102}},
		"/srv/empty": {},
	}
	if d := cmp.Diff(want, got.entries, cmp.AllowUnexported(entry{})); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"x", "/d\t1\tf\tx\t8\t1\t1\tn", "/d\t1\tf\t1\t8\t-1\t1\tn", "/d\t1\tf\t1\t8\t1\tx\tn"} {
		if _, err := parseListing([]byte(bad)); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestComplaintsBelongToTheirDirectory(t *testing.T) {
	stderr := "find: '/a/b': No such file or directory\nfind: '/c/x.img': Input/output error\nfind: '/c/y.img': Input/output error\nfind: odd\n"
	got := complaints(stderr, []string{"/a", "/a/b", "/c", "/d"})
	want := map[string]string{"/a/b": "find: '/a/b': No such file or directory", "/c": "find: '/c/x.img': Input/output error"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestParseSpace(t *testing.T) {
	got, err := parseSpace("Type 1K-blocks    Avail File\next4 264212084 82637468 /srv/a b \nxfs         5       -1 /srv/c\n")
	if err != nil {
		t.Fatal(err)
	}
	space := func(total, free int64) provider.Space {
		return provider.Space{TotalKiB: total, FreeKiB: free, DataPercent: -1, MetaPercent: -1, GranularityKiB: 4, MinIOSizeBytes: 512}
	}
	want := map[string]fileSystem{"/srv/a b ": {"ext4", space(264212084, 82637468)}, "/srv/c": {"xfs", space(5, 0)}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(fileSystem{})); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"h\next4 5", "h\next4 x 5 /a", "h\next4 5 - /a"} {
		if _, err := parseSpace(bad); err == nil {
			t.Errorf("%q is no error", bad)
		}
	}
}

func TestSidecar(t *testing.T) {
	for _, s := range []sidecar{{UUID: "u", Phase: phaseReserved}, {UUID: "u", Phase: phaseAllocating}, {UUID: "u", Phase: phaseReady, SizeKiB: 4}} {
		got, err := parseSidecar(s.file("/p").Data)
		if err != nil || got != s {
			t.Errorf("round trip of %+v = %+v, %v", s, got, err)
		}
	}
	for _, bad := range []string{"", "{", "[]", `{"phase":"reserved"}`, `{"uuid":"u"}`, `{"uuid":"u","phase":"new"}`,
		`{"uuid":"u","phase":"ready"}`, `{"uuid":"u","phase":"ready","size_kib":-4}`, `{"uuid":"u","phase":"reserved","size_kib":4}`} {
		if got, err := parseSidecar([]byte(bad)); err == nil {
			t.Errorf("%q = %+v, want an error", bad, got)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(losetupBoth))
	f.Add([]byte("/srv/pool\t1\tf\t2\t8\t65024\t101\t.x.img.holdfast\x00"))
	f.Add([]byte("Type\next4 264212084 82637468 /srv/pool\n"))
	f.Add([]byte(`{"uuid":"u","phase":"ready","size_kib":4}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if loops, err := parseLoops(data); err == nil {
			for _, l := range loops {
				if file, deleted := l.backing(); deleted != (file != l.BackFile) {
					t.Errorf("backing file of %+v is %q, deleted %v", l, file, deleted)
				}
			}
		}
		if l, err := parseListing(data); err == nil {
			for dir, entries := range l.entries {
				if len(entries) > 0 && !strings.Contains(string(data), dir) {
					t.Errorf("directory %q is made up", dir)
				}
			}
		}
		if fs, err := parseSpace(string(data)); err == nil {
			for _, s := range fs {
				if s.space.FreeKiB < 0 {
					t.Errorf("negative space: %+v", s)
				}
			}
		}
		if s, err := parseSidecar(data); err == nil {
			again, err := parseSidecar(s.file("/p").Data)
			if err != nil || again != s {
				t.Errorf("%+v is written as %+v, %v", s, again, err)
			}
		}
	})
}

func TestNames(t *testing.T) {
	if n, is := volumeOfImage("rsc.meta_00000.img"); !is || n != "rsc.meta_00000" {
		t.Errorf("image: %q %v", n, is)
	}
	if n, is := volumeOfSidecar(".rsc_00000.img.holdfast"); !is || n != "rsc_00000" {
		t.Errorf("sidecar: %q %v", n, is)
	}
	for _, other := range []string{".img", ".rsc_00000.img", "rsc_00000.raw", "img"} {
		if n, is := volumeOfImage(other); is {
			t.Errorf("%q is taken for the image of %q", other, n)
		}
	}
	for _, other := range []string{"rsc_00000.img.holdfast", "..img.holdfast-new", ".img.holdfast"} {
		if n, is := volumeOfSidecar(other); is {
			t.Errorf("%q is taken for the sidecar of %q", other, n)
		}
	}
	for dev, whole := range map[string]string{"/dev/loop3": "/dev/loop3", "/dev/loop13p2": "/dev/loop13"} {
		if got := wholeDevice(dev); got != whole {
			t.Errorf("wholeDevice(%s) = %s", dev, got)
		}
	}
}
