package drbd

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
)

// TestRejoinPause: a connection that was made again is left alone for a while, and others
// are not.
func TestRejoinPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New()
		l.noteRejoins("web", []int{1})
		time.Sleep(rejoinPause - time.Nanosecond)
		l.noteRejoins("web", []int{2})
		if got := l.refused("web"); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("refused are %v", got)
		}
		time.Sleep(time.Nanosecond)
		if got := l.refused("web"); !slices.Equal(got, []int{2}) {
			t.Errorf("after the pause refused are %v", got)
		}
		time.Sleep(rejoinPause)
		if got := l.refused("web"); len(got)+len(l.rejoins) > 0 || len(l.refused("other")) > 0 {
			t.Errorf("left are %v, %v", got, l.rejoins)
		}
	})
}

// TestVolumeAwaitedWhereDiskHasFailed: an added volume would not be used where another disk
// has failed, so it waits until the controller knows, and decides.
func TestVolumeAwaitedWhereDiskHasFailed(t *testing.T) {
	for name, c := range map[string]struct {
		failed map[int]bool
		skip   bool
		want   []int
	}{
		"whole":      {nil, false, nil},
		"failed":     {map[int]bool{0: true}, false, []int{1}},
		"dealt with": {map[int]bool{0: true}, true, nil},
	} {
		in := layer.Input{Resource: &link.Resource{Name: "web", DRBD: &link.DRBD{SkipDisk: c.skip, Volumes: []link.DRBDVolume{{Number: 0}, {Number: 1}}}},
			MayMake: map[int]bool{1: true}, Lower: map[int]layer.Device{0: {Present: true}, 1: {Present: true}}}
		now := &seen{states: map[string]State{"web": {Devices: map[int]Device{0: {}}}}}
		if got := awaited(in, link.DRBDNode{Uname: "n1"}, now, &probed{file: []byte("#"), failed: c.failed}); !slices.Equal(got, c.want) {
			t.Errorf("%s: awaited are %v, want %v", name, got, c.want)
		}
	}
}
