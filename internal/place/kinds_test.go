package place

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// What the placer takes together is what may be placed by hand together.
func TestKindsAsByHand(t *testing.T) {
	kinds := []v1.ProviderKind{v1.ProviderKindDiskless, v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindZfs,
		v1.ProviderKindZfsThin, v1.ProviderKindFile, v1.ProviderKindFileThin, v1.ProviderKindSpdk, kindRemoteSPDK,
		v1.ProviderKindEbsInit, v1.ProviderKindEbsTarget, kindStorageSpaces, kindStorageSpacesThin}
	for _, a := range kinds {
		for _, b := range kinds {
			want := name.MixNever
			switch {
			case familiesOf(a, false)&familiesOf(b, false) != 0:
				want = name.MixFree
			case familiesOf(a, true)&familiesOf(b, true) != 0:
				want = name.MixAllowed
			}
			if got := name.Mix(a, b); got != want {
				t.Errorf("%s and %s: %v by hand, %v by the placer", a, b, got, want)
			}
		}
	}
}
