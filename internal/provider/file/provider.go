package file

import (
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
)

// Provider drives FILE and FILE_THIN pools.
type Provider struct{}

var _ provider.Provider = Provider{}

// New makes the provider.
func New() Provider { return Provider{} }

// granularityKiB is what image sizes are rounded up to, so that a loop device with
// 4 KiB sectors shows all of its image.
const granularityKiB = 4

// Kinds lists FILE and FILE_THIN. Shrink is off because cutting an image is
// nothing the contract can ask for: a volume has at least the wanted size.
func (Provider) Kinds() []provider.Traits {
	base := provider.Traits{
		Snapshots: true, ZeroFilled: true,
		PoolNameHelp: "absolute path of a directory that exists",
		Tools:        []string{"losetup", "find", "df", "sync"},
	}
	thick, thin := base, base
	thick.Kind, thick.Tools = v1.ProviderKindFile, append([]string{"fallocate"}, base.Tools...)
	thin.Kind, thin.Thin, thin.Tools = v1.ProviderKindFileThin, true, append([]string{"truncate"}, base.Tools...)
	return []provider.Traits{thick, thin}
}

func isThin(p provider.Pool) bool { return p.Kind == v1.ProviderKindFileThin }

func roundUpKiB(sizeKiB int64) int64 {
	return (sizeKiB + granularityKiB - 1) / granularityKiB * granularityKiB
}
