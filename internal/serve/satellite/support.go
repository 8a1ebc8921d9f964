package satellite

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/layer"
	providers "github.com/holdfast-storage/holdfast/internal/provider/support"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// support tells what the host can do: a kind of storage needs its tools.
func support(ctx context.Context, cfg Config) wire.Welcome {
	w := wire.Welcome{Program: cfg.Version, Uname: uname(ctx, cfg), OS: osName(ctx, cfg.Host),
		Layers: []v1.LayerType{v1.LayerTypeStorage}, UnsupportedProviders: map[string][]string{}, UnsupportedLayers: map[string][]string{}}
	kinds, err := providers.Check(ctx, cfg.Host)
	if err != nil {
		w.Warnings = append(w.Warnings, err.Error())
	}
	for _, kind := range supportedOrder {
		switch k := kinds[kind]; {
		case k.Supported:
			w.Providers = append(w.Providers, kind)
		case err != nil:
			w.UnsupportedProviders[string(kind)] = []string{err.Error()}
		default:
			w.UnsupportedProviders[string(kind)] = k.Reasons
		}
	}
	supportLayers(ctx, cfg, &w)
	w.Crypto = hashes(ctx, cfg.Host)
	return w
}

// hashes lists the hash algorithms of the kernel, by the names of their drivers and of
// the algorithms; nil where the kernel does not tell.
func hashes(ctx context.Context, h run.Host) []string {
	data, err := h.ReadFile(ctx, "/proc/crypto")
	if err != nil {
		return nil
	}
	found := map[string]bool{}
	for block := range strings.SplitSeq(string(data), "\n\n") {
		fields := map[string]string{}
		for line := range strings.SplitSeq(block, "\n") {
			if k, v, ok := strings.Cut(line, ":"); ok {
				fields[strings.TrimSpace(k)] = strings.TrimSpace(v)
			}
		}
		if fields["type"] == "shash" || fields["type"] == "ahash" {
			found[fields["name"]], found[fields["driver"]] = true, true
		}
	}
	delete(found, "")
	return slices.Sorted(maps.Keys(found))
}

// supportLayers asks each layer whether the host can drive it.
func supportLayers(ctx context.Context, cfg Config, w *wire.Welcome) {
	known := map[v1.LayerType]layer.Layer{}
	for _, l := range cfg.Layers {
		known[l.Kind()] = l
	}
	for _, kind := range []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeNvme, v1.LayerTypeWritecache, v1.LayerTypeCache, v1.LayerTypeBcache} {
		l, ok := known[kind]
		if !ok {
			w.UnsupportedLayers[string(kind)] = []string{"this version of the satellite has no " + string(kind) + " layer"}
			continue
		}
		s := l.Support(ctx, cfg.Host)
		w.Warnings = append(w.Warnings, s.Warnings...)
		for name, version := range s.Versions {
			if w.Versions == nil {
				w.Versions = map[string]string{}
			}
			w.Versions[name] = version
		}
		if len(s.Reasons) > 0 {
			w.UnsupportedLayers[string(kind)] = s.Reasons
			continue
		}
		w.Layers = append(w.Layers, kind)
	}
}

// uname is the host name that DRBD's tools go by: the kernel's, unless the node is
// told another one.
func uname(ctx context.Context, cfg Config) string {
	if cfg.Node != "" {
		return cfg.Node
	}
	if data, err := cfg.Host.ReadFile(ctx, "/proc/sys/kernel/hostname"); err == nil {
		return strings.TrimSpace(string(data))
	}
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

var supportedOrder = []v1.ProviderKind{v1.ProviderKindDiskless, v1.ProviderKindLvm, v1.ProviderKindLvmThin,
	v1.ProviderKindZfs, v1.ProviderKindZfsThin, v1.ProviderKindFile, v1.ProviderKindFileThin}

func osName(ctx context.Context, h run.Host) string {
	data, err := h.ReadFile(ctx, "/etc/os-release")
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}
