package zfs_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/plantest"
	"github.com/holdfast-storage/holdfast/internal/provider/zfs"
)

func TestScan(t *testing.T) {
	h := lab(t)
	obs := scan(t, h, thick(), thin())
	got, err := json.MarshalIndent(obs, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	plantest.Golden(t, "scan", strings.Join(h.Asked, "\n")+"\n"+string(got)+"\n")
}

func TestScanWithoutPoolsAsksNothing(t *testing.T) {
	h := &plantest.Host{T: t}
	scan(t, h)
	scan(t, h, provider.Pool{Name: "p", Kind: v1.ProviderKindZfs, Backing: "tank//x"}, provider.Pool{Name: "q", Kind: v1.ProviderKindZfs, Backing: "-o"})
	if len(h.Asked) != 0 {
		t.Errorf("asked %q", h.Asked)
	}
}

// An answer that may be incomplete must never look like volumes that are gone.
func TestScanUnknown(t *testing.T) {
	for name, change := range map[string]func(h *plantest.Host){
		"zpool not run": func(h *plantest.Host) { h.Answers[0].Err = errors.New("timed out") },
		"zpool cut off": func(h *plantest.Host) { h.Answers[0].Stdout = h.Answers[0].Stdout[:20] },
		"zfs not run":   func(h *plantest.Host) { h.Answers[1].Err = errors.New("timed out") },
		"zfs failed":    func(h *plantest.Host) { h.Answers[1].Exit = 1 },
		"zfs failed midway": func(h *plantest.Host) {
			h.Answers[1].Exit, h.Answers[1].Stderr = 1, "cannot iterate filesystems: I/O error\n"
		},
		"zfs cut off": func(h *plantest.Host) { h.Answers[1].Stdout = h.Answers[1].Stdout[:140] },
		"zfs strange size": func(h *plantest.Host) {
			h.Answers[1].Stdout = strings.ReplaceAll(h.Answers[1].Stdout, "134217728", "128M")
		},
	} {
		h := lab(t)
		change(h)
		if obs, err := zfs.New().Scan(context.Background(), h, []provider.Pool{thick()}); err == nil || obs.Devices != nil {
			t.Errorf("%s: error %v, devices %v", name, err, obs.Devices)
		}
	}
}

func TestScanFaults(t *testing.T) {
	var b strings.Builder
	for _, tc := range []struct {
		name   string
		change func(h *plantest.Host)
		asked  int
	}{
		{"no such pool", func(h *plantest.Host) {
			h.Answers[0] = plantest.Answer{Tool: "zpool list", Exit: 1, Stderr: "cannot open 'tank': no such pool\n"}
		}, 1},
		{"suspended", func(h *plantest.Host) {
			h.Answers[0].Stdout = strings.Replace(h.Answers[0].Stdout, "ONLINE", "SUSPENDED", 1)
		}, 1},
		{"faulted", func(h *plantest.Host) {
			h.Answers[0].Stdout = strings.Replace(h.Answers[0].Stdout, "ONLINE", "FAULTED", 1)
		}, 1},
		{"read-only", func(h *plantest.Host) { h.Answers[0].Stdout = strings.Replace(h.Answers[0].Stdout, "off", "on", 1) }, 2},
		{"no such dataset", func(h *plantest.Host) {
			h.Answers[1] = plantest.Answer{Tool: "zfs list", Exit: 1, Stderr: "cannot open 'tank/home': dataset does not exist\n"}
		}, 2},
		{"dataset is a volume", func(h *plantest.Host) {
			h.Answers[1].Stdout = strings.Replace(h.Answers[1].Stdout, "tank/home\tfilesystem", "tank/home\tvolume", 1)
		}, 2},
		{"degraded works", func(h *plantest.Host) {
			h.Answers[0].Stdout = strings.Replace(h.Answers[0].Stdout, "ONLINE", "DEGRADED", 1)
		}, 2},
	} {
		h := lab(t)
		tc.change(h)
		err := scan(t, h, thin()).Pools["slim"].Err
		b.WriteString("== " + tc.name + "\n")
		if err == nil {
			b.WriteString("no fault\n")
		} else {
			plantest.ShowErr(&b, err)
		}
		if len(h.Asked) != tc.asked {
			t.Errorf("%s: asked %q", tc.name, h.Asked)
		}
	}
	plantest.Golden(t, "scan-faults", b.String())
}
