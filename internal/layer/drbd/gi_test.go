package drbd_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

func TestGISample(t *testing.T) {
	text := string(sample(t, "gi.txt"))
	gi, err := drbd.ParseGI(text)
	if err != nil {
		t.Fatal(err)
	}
	want := drbd.GI{Current: 0xF71749D873628583, History: []drbd.UUID{0x00154981B2E0DD96},
		Flags: drbd.Flags{Consistent: true, UpToDate: true, Primary: true, CrashedPrimary: true, Connected: true, PeerDeviceSeen: true}}
	if diff := cmp.Diff(want, gi); diff != "" {
		t.Error(diff)
	}
	dump, _, _ := strings.Cut(text, "       +--<")
	md, err := drbd.ParseDumpMD(dump, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if md.NodeID != 1 || md.MaxPeers != 7 || !md.Unclean || md.Moved || md.NetKiB() != 262052 || md.DataSectors != 524104 ||
		md.DeviceUUID != 0x62F7E5910853C288 || md.Current != 0xF71749D873628583 || md.Bitmap[31] != 0x4EBEF1B1BE827A9A {
		t.Errorf("metadata %+v", md)
	}
	if diff := cmp.Diff([]int{0, 2}, md.Slots); diff != "" {
		t.Error(diff)
	}
}

func TestDumpMDRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		out, said string
		code      int
	}{
		"empty":  {},
		"busy":   {said: "open(/dev/x) failed: Device or resource busy", code: 20},
		"cut":    {out: "version \"v09\";\nmax-peers 7;\n"},
		"format": {out: "version \"v08\";\n"},
		"digits": {out: "version \"v09\";\nmax-peers 7;\nnode-id 1;\ndevice-uuid 0x1;\ncurrent-uuid 0xZZ;\n"},
	} {
		if md, err := drbd.ParseDumpMD(c.out, c.said, c.code); err == nil {
			t.Errorf("%s: read %+v", name, md)
		}
	}
	if md, err := drbd.ParseDumpMD("", "No valid meta data found\n", 1); err != nil || md.Found {
		t.Errorf("no metadata: %+v, %v", md, err)
	}
}

func TestCompare(t *testing.T) {
	gi := func(current, bitmap drbd.UUID, history ...drbd.UUID) drbd.GI {
		return drbd.GI{Current: current, Bitmap: bitmap, History: history}
	}
	for _, c := range []struct {
		name  string
		a, b  drbd.GI
		rel   drbd.Relation
		ahead string
		full  bool
	}{
		{"equal", gi(0x10, 0), gi(0x10, 0), drbd.RelationSame, "", false},
		{"equal but for the role", gi(0x11, 0), gi(0x10, 0), drbd.RelationSame, "", false},
		{"a was primary alone", gi(0x20, 0x10), gi(0x10, 0), drbd.RelationAhead, "a", false},
		{"b was primary alone", gi(0x11, 0), gi(0x20, 0x10), drbd.RelationAhead, "b", false},
		{"long ago", gi(0x40, 0x30, 0x20, 0x10), gi(0x10, 0), drbd.RelationAhead, "a", true},
		{"long ago, b", gi(0x10, 0), gi(0x40, 0x30, 0x10), drbd.RelationAhead, "b", true},
		{"both alone", gi(0x20, 0x10), gi(0x30, 0x10), drbd.RelationSplitBrain, "", false},
		{"both alone, twice", gi(0x20, 0x15e, 0x10), gi(0x30, 0x10), drbd.RelationSplitBrain, "", true},
		{"strangers", gi(0x20, 0), gi(0x30, 0), drbd.RelationUnrelated, "", true},
		{"both new", gi(4, 0), gi(4, 0), drbd.RelationNew, "", true},
		{"a new", gi(4, 0), gi(0x30, 0), drbd.RelationNew, "b", true},
		{"b new", gi(0x30, 0), gi(4, 0), drbd.RelationNew, "a", true},
		{"winner and skipped", gi(0x50, 0x60), gi(0x60, 0), drbd.RelationAhead, "a", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := drbd.Compare(drbd.Replica{Node: "a", GI: c.a}, drbd.Replica{Node: "b", GI: c.b})
			if got.Relation != c.rel || got.Ahead != c.ahead || got.Full != c.full || got.Words == "" {
				t.Errorf("got %+v", got)
			}
			turned := drbd.Compare(drbd.Replica{Node: "b", GI: c.b}, drbd.Replica{Node: "a", GI: c.a})
			if turned.Relation != got.Relation || turned.Ahead != got.Ahead || turned.Full != got.Full {
				t.Errorf("the other way round %+v", turned)
			}
		})
	}
}

// TestStartReal writes the identifiers of a winner and of others with drbdmeta,
// and looks at how they relate.
func TestStartReal(t *testing.T) {
	realTools(t)
	needTool(t, "drbdmeta")
	const day0, random = drbd.UUID(0xABCDEF0123456780), drbd.UUID(0x1122334455667788)
	make1 := func(start drbd.Start, id int) drbd.Metadata {
		path := filepath.Join(t.TempDir(), "disk")
		makeMetadata(t, path, 8192, drbd.MetaLayout{})
		for _, argv := range drbd.StartArgs(start, id, []int{5, 7}, day0, random) {
			argv := append([]string{"drbdmeta", "--force", "--node-id", argv[0], realMinor, "v09", path, "internal", "set-gi"}, argv[1])
			if _, said, code := tool(t, argv...); code != 0 {
				t.Fatalf("%q exits with %d: %s", argv, code, said)
			}
		}
		return dumpMetadata(t, path)
	}
	winner, skip, full := make1(drbd.StartWinner, 3), make1(drbd.StartSkip, 5), make1(drbd.StartFull, 7)
	if winner.Current != random || skip.Current != day0 || !full.Fresh() {
		t.Fatalf("current identifiers %s, %s, %s", winner.Current, skip.Current, full.Current)
	}
	for _, id := range []int{5, 7} {
		if winner.Bitmap[id] != day0 {
			t.Errorf("the winner's bitmap for node id %d is based on %s", id, winner.Bitmap[id])
		}
	}
	// A replica that the winner did not know gets everything, and is no stranger.
	late := make1(drbd.StartSkip, 9)
	if got := drbd.Compare(winner.Of("w", 9), late.Of("l", 3)); got.Ahead != "w" || !got.Full {
		t.Errorf("winner and one that it did not know: %+v", got)
	}
	if got := drbd.Compare(winner.Of("w", 5), skip.Of("s", 3)); got.Ahead != "w" || got.Full {
		t.Errorf("winner and skip: %+v", got)
	}
	if got := drbd.Compare(winner.Of("w", 7), full.Of("f", 3)); got.Ahead != "w" || !got.Full {
		t.Errorf("winner and full: %+v", got)
	}
}
