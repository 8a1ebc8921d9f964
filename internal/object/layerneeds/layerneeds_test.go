package layerneeds

import (
	"fmt"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// world has the nodes a and b with the pools slow and fast.
func world(t *testing.T, props map[string]string, replicas ...*model.Resource) (*model.World, *model.Definition) {
	t.Helper()
	d := &model.Definition{Name: "r", UUID: "u", Props: props, Volumes: []model.VolumeDefinition{{Number: 0, UUID: "v", SizeKiB: 1 << 20}}}
	w := model.NewWorld()
	tx := w.Begin(model.Env{})
	tx.PutDefinition(d)
	for _, n := range []string{"a", "b", "c"} {
		tx.PutNode(&model.Node{Name: n, Type: model.NodeSatellite})
		for _, p := range []string{"slow", "fast"} {
			tx.PutPool(&model.Pool{Node: n, Name: p, Kind: v1.ProviderKindLvm})
		}
	}
	for _, r := range replicas {
		tx.PutResource(r)
	}
	return tx.World, d
}

func replica(node string, less model.Disklessness, stack ...v1.LayerType) *model.Resource {
	return &model.Resource{Definition: "r", Node: node, Stack: append(stack, v1.LayerTypeStorage), Diskless: less, Volumes: []model.Volume{{Number: 0, Pool: "slow"}}}
}

func TestReplica(t *testing.T) {
	cached := map[string]string{"Writecache/PoolName": "fast", "Writecache/Size": "1%"}
	both := map[string]string{"Writecache/PoolName": "fast", "Writecache/Size": "1%", "Cache/CachePool": "slow"}
	nvmeTarget := replica("b", model.Diskful, v1.LayerTypeNvme)
	for name, c := range map[string]struct {
		props  map[string]string
		others []*model.Resource
		r      *model.Resource
		want   string // the parts, or words of the fault
		format bool
	}{
		"write cache":                     {props: cached, r: replica("a", "", v1.LayerTypeWritecache), want: ".cache@fast"},
		"cache, one pool":                 {props: map[string]string{"Cache/CachePool": "fast"}, r: replica("a", "", v1.LayerTypeCache), want: ".dmcache_cache@fast .dmcache_meta@fast"},
		"cache, two pools":                {props: map[string]string{"Cache/CachePool": "fast", "Cache/MetaPool": "slow"}, r: replica("a", "", v1.LayerTypeCache), want: ".dmcache_cache@fast .dmcache_meta@slow"},
		"no pool property":                {r: replica("a", "", v1.LayerTypeWritecache), want: "Writecache/PoolName"},
		"no size property":                {props: map[string]string{"Writecache/PoolName": "fast"}, r: replica("a", "", v1.LayerTypeWritecache), want: "Writecache/Size"},
		"no such pool":                    {props: map[string]string{"Cache/CachePool": "nvme"}, r: replica("a", "", v1.LayerTypeCache), want: "'nvme'"},
		"target of a cache above NVMe":    {props: cached, r: replica("a", "", v1.LayerTypeWritecache, v1.LayerTypeNvme)},
		"initiator with a cache":          {props: cached, others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeWritecache, v1.LayerTypeNvme), want: ".cache@fast"},
		"initiator without the pool":      {others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeCache, v1.LayerTypeNvme), want: "Cache/CachePool"},
		"initiator of a cache below":      {props: cached, others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme, v1.LayerTypeWritecache)},
		"caches on both sides, target":    {props: both, r: replica("a", "", v1.LayerTypeWritecache, v1.LayerTypeNvme, v1.LayerTypeCache), want: ".dmcache_cache@slow .dmcache_meta@slow"},
		"caches on both sides, initiator": {props: both, others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeWritecache, v1.LayerTypeNvme, v1.LayerTypeCache), want: ".cache@fast"},
		"second cached initiator":         {props: cached, others: []*model.Resource{nvmeTarget, replica("c", model.NVMeInitiator, v1.LayerTypeNvme)}, r: replica("a", model.NVMeInitiator, v1.LayerTypeWritecache, v1.LayerTypeNvme), want: "node 'c' is there"},
		"beside a cached initiator":       {others: []*model.Resource{nvmeTarget, replica("c", model.NVMeInitiator, v1.LayerTypeCache, v1.LayerTypeNvme)}, r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme), want: "node 'c' is there"},
		"second initiator, no cache":      {others: []*model.Resource{nvmeTarget, replica("c", model.NVMeInitiator, v1.LayerTypeNvme)}, r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme)},
		"DRBD above it":                   {props: cached, r: replica("a", "", v1.LayerTypeDrbd, v1.LayerTypeWritecache, v1.LayerTypeNvme), want: "DRBD cannot be above the layer NVME"},
		"DRBD above NVMe":                 {r: replica("a", "", v1.LayerTypeDrbd, v1.LayerTypeNvme), want: "DRBD cannot be above the layer NVME"},
		"bcache above NVMe":               {r: replica("a", "", v1.LayerTypeBcache, v1.LayerTypeNvme), want: "BCACHE cannot be above the layer NVME"},
		"format with a cached initiator":  {props: map[string]string{"FileSystem/Type": "xfs", "Cache/CachePool": "fast"}, r: replica("a", "", v1.LayerTypeCache, v1.LayerTypeNvme), format: true},
		"cache below NVMe":                {props: cached, r: replica("a", "", v1.LayerTypeNvme, v1.LayerTypeWritecache), want: ".cache@fast"},
		"bcache":                          {props: map[string]string{"BCache/PoolName": "fast"}, r: replica("a", "", v1.LayerTypeBcache), want: ".bcache@fast"},
		"diskless":                        {r: replica("a", model.DRBDDiskless, v1.LayerTypeDrbd, v1.LayerTypeWritecache)},
		"not in the stack":                {props: cached, r: replica("a", "")},
		"initiator first":                 {r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme), want: "no NVMe target"},
		"initiator":                       {others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme)},
		"second target":                   {others: []*model.Resource{nvmeTarget}, r: replica("a", "", v1.LayerTypeNvme), want: "NVMe target already"},
		"file system":                     {props: map[string]string{"FileSystem/Type": "xfs"}, r: replica("a", ""), format: true},
		"second replica":                  {props: map[string]string{"FileSystem/Type": "xfs"}, others: []*model.Resource{replica("b", "")}, r: replica("a", "")},
		"DRBD, not begun":                 {props: map[string]string{"FileSystem/Type": "xfs"}, r: replica("a", "", v1.LayerTypeDrbd)},
		"no file system":                  {r: replica("a", "")},
		"initiator formats":               {props: map[string]string{"FileSystem/Type": "xfs"}, others: []*model.Resource{nvmeTarget}, r: replica("a", model.NVMeInitiator, v1.LayerTypeNvme)},
	} {
		t.Run(name, func(t *testing.T) {
			w, d := world(t, c.props, c.others...)
			r := *c.r
			err := Replica(w, d, &r)
			var parts []string
			for _, p := range r.Volumes[0].Parts {
				parts = append(parts, p.Suffix+"@"+p.Pool)
			}
			got := strings.Join(parts, " ")
			if err != nil {
				got = err.Error()
			}
			if err == nil && got != c.want || err != nil && (c.want == "" || !strings.Contains(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if r.Volumes[0].Format != c.format {
				t.Errorf("format %v", r.Volumes[0].Format)
			}
		})
	}
}

// TestSides: with NVMe in the stack a node is asked for the layers on its side only.
func TestSides(t *testing.T) {
	stack := []v1.LayerType{v1.LayerTypeWritecache, v1.LayerTypeNvme, v1.LayerTypeLuks, v1.LayerTypeStorage}
	for less, want := range map[model.Disklessness]string{
		model.Diskful: "[NVME LUKS STORAGE]", model.NVMeInitiator: "[WRITECACHE NVME]", model.DRBDDiskless: "[WRITECACHE NVME LUKS STORAGE]",
	} {
		if got := fmt.Sprint(Local(stack, less)); got != want {
			t.Errorf("%q: %s, want %s", less, got, want)
		}
	}
	for less, want := range map[model.Disklessness]int{model.Diskful: 0, model.NVMeInitiator: 1} {
		if got := Warnings(replica("a", less, stack[:3]...)); len(got) != want {
			t.Errorf("%q: %d warnings about plain text, want %d", less, len(got), want)
		}
	}
}

// TestWarnings: a cache above LUKS holds plain text, and one that LUKS cannot be below
// does not.
func TestWarnings(t *testing.T) {
	for want, stacks := range map[int][][]v1.LayerType{
		0: {{}, {v1.LayerTypeLuks}, {v1.LayerTypeDrbd, v1.LayerTypeLuks}, {v1.LayerTypeWritecache}},
		1: {{v1.LayerTypeWritecache, v1.LayerTypeLuks}, {v1.LayerTypeDrbd, v1.LayerTypeCache, v1.LayerTypeLuks}},
		2: {{v1.LayerTypeWritecache, v1.LayerTypeCache, v1.LayerTypeLuks}},
	} {
		for _, s := range stacks {
			got := Warnings(replica("a", "", s...))
			if len(got) != want {
				t.Errorf("%v: %d warnings, want %d", s, len(got), want)
			}
			for _, rc := range got {
				if !rc.RetCode.IsWarning() || !strings.Contains(rc.Cause, "plain text") || rc.Correction == "" {
					t.Errorf("%v: %+v", s, rc)
				}
			}
		}
	}
}
