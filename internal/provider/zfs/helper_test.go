package zfs_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
)

// update makes the golden files anew; plantest.Golden looks it up.
var _ = flag.Bool("update", false, "rewrite golden files")

const (
	uuidA = "0c4ba6a1-b7bb-4a7b-9fd3-1f1c1a2b3c4d"
	uuidC = "22222222-b7bb-4a7b-9fd3-1f1c1a2b3c4d"
)

func pairs(kv []string) map[string]string {
	m := map[string]string{}
	for p := range slices.Chunk(kv, 2) {
		m[p[0]] = p[1]
	}
	return m
}

func thick(props ...string) provider.Pool {
	return provider.Pool{Name: "fat", Kind: v1.ProviderKindZfs, Backing: "tank", Props: pairs(props)}
}

func thin(props ...string) provider.Pool {
	return provider.Pool{Name: "slim", Kind: v1.ProviderKindZfsThin, Backing: "tank/home", Props: pairs(props)}
}

func vol(name, uuid string, sizeKiB int64, props ...string) provider.Volume {
	return provider.Volume{Name: name, UUID: uuid, SizeKiB: sizeKiB, Props: pairs(props)}
}

func file(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// lab is a host with the recorded pool.
func lab(t testing.TB) *plantest.Host {
	return &plantest.Host{T: t, Answers: []plantest.Answer{
		{Tool: "zpool list", Stdout: file(t, "zpool-list.txt")}, {Tool: "zfs list", Stdout: file(t, "zfs-list.txt")},
	}}
}

func scan(t testing.TB, h *plantest.Host, pools ...provider.Pool) provider.Observation {
	t.Helper()
	obs, err := zfs.New().Scan(context.Background(), h, pools)
	if err != nil {
		t.Fatal(err)
	}
	return obs
}

// have finds a device of the recorded scan; nil for none.
func have(obs provider.Observation, pool, name string) *provider.Observed {
	o, ok := obs.Devices[pool][name]
	if !ok {
		return nil
	}
	o.Notes = maps.Clone(o.Notes)
	return &o
}
