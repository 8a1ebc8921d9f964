package satellite

import (
	"context"
	"os"
	"strings"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	providers "github.com/holdfast-storage/holdfast/internal/provider/support"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// support tells what the host can do: a kind of storage needs its tools.
func support(ctx context.Context, cfg Config) wire.Welcome {
	w := wire.Welcome{Program: cfg.Version, Uname: cfg.Node, OS: osName(ctx, cfg.Host),
		Layers: []v1.LayerType{v1.LayerTypeStorage}, UnsupportedProviders: map[string][]string{}, UnsupportedLayers: map[string][]string{}}
	if w.Uname == "" {
		w.Uname, _ = os.Hostname()
	}
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
	for _, l := range []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeLuks, v1.LayerTypeNvme, v1.LayerTypeWritecache, v1.LayerTypeCache, v1.LayerTypeBcache} {
		w.UnsupportedLayers[string(l)] = []string{"this version of the satellite has no " + string(l) + " layer"}
	}
	return w
}

var supportedOrder = []v1.ProviderKind{v1.ProviderKindDiskless, v1.ProviderKindLvm, v1.ProviderKindLvmThin,
	v1.ProviderKindZfs, v1.ProviderKindZfsThin, v1.ProviderKindFile, v1.ProviderKindFileThin}

func osName(ctx context.Context, h run.Host) string {
	data, err := h.ReadFile(ctx, "/etc/os-release")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(data), "\n") {
		if v, ok := strings.CutPrefix(line, "PRETTY_NAME="); ok {
			return strings.Trim(v, `"`)
		}
	}
	return ""
}
