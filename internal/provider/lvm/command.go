package lvm

import (
	"fmt"
	"slices"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// noDRBD keeps lvm off the devices that stand on its own volumes: it would find
// a guest's PVs there, and a read of a suspended DRBD device never returns. The
// administrator's global_filter in lvm.conf stays in force beside it.
const noDRBD = `devices { filter=["r|^/dev/drbd.*|"] }`

func command(tool string, args ...string) run.Cmd {
	return run.Command(append([]string{tool, "--config", noDRBD}, args...)...)
}

func step(effect provider.Effect, why string, c run.Cmd) provider.Step {
	return provider.Step{Cmd: &c, Why: why, Effect: effect}
}

// ownOptions are those that decide what is created, where and as whose; a user's
// option line must not say otherwise.
func ownOptions() []string {
	return []string{"-n", "--name", "-L", "--size", "-l", "--extents", "-V", "--virtualsize",
		"-T", "--thin", "--thinpool", "-s", "--snapshot", "--addtag", "--config", "-t", "--test"}
}

// createOptions are the user's words for lvcreate: the volume's property, else
// the pool's.
func createOptions(pool provider.Pool, want provider.Volume) ([]string, error) {
	words, err := property(KeyCreateOptions, want.Props, pool.Props)
	if err != nil {
		return nil, err
	}
	if w := optline.Find(words, ownOptions()...); w != "" {
		return nil, badProperty(KeyCreateOptions, fmt.Sprintf("%s is set by Holdfast itself", w),
			"Take the option out of the property.")
	}
	return words, nil
}

// createTypes are the kinds of thick volume that LvcreateType may name.
func createTypes() []string {
	return []string{"linear", "striped", "mirror", "raid0", "raid1", "raid4", "raid5", "raid6", "raid10"}
}

func createType(pool provider.Pool, want provider.Volume) (string, error) {
	t := first(KeyCreateType, want.Props, pool.Props)
	if t == "" || t == "linear" {
		return "", nil
	}
	if !slices.Contains(createTypes(), t) {
		return "", badProperty(KeyCreateType, fmt.Sprintf("%q is no type of logical volume", t),
			fmt.Sprintf("Use one of %v.", createTypes()))
	}
	return t, nil
}

func first(key string, props ...map[string]string) string {
	for _, p := range props {
		if v := p[key]; v != "" {
			return v
		}
	}
	return ""
}

func property(key string, props ...map[string]string) ([]string, error) {
	words, err := optline.Words(first(key, props...))
	if err != nil {
		return nil, badProperty(key, err.Error(), "Mend the quoting of the property.")
	}
	return words, nil
}

func badProperty(key, cause, fix string) error {
	return fault.New(v1.FailInvalidProp, "property %s cannot be used", key).Because("%s", cause).Fix("%s", fix)
}
