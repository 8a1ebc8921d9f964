package place

import "github.com/holdfast-storage/holdfast/api/v1"

// families is a set of groups of storage kinds; all replicas of a definition must
// have a family in common.
type families uint16

const (
	famLVM families = 1 << iota
	famLVMThin
	famZFS
	famFile
	famSPDK
	famRemoteSPDK
	famEBS
	famDiskless
	// famMixed holds kinds that differ in how they round sizes. It needs the user's
	// consent and a DRBD on every node that copes with it.
	famMixed
	famAll = famMixed<<1 - 1
)

// Kinds that the API names but Holdfast itself does not provide.
const (
	kindRemoteSPDK        v1.ProviderKind = "REMOTE_SPDK"
	kindStorageSpaces     v1.ProviderKind = "STORAGE_SPACES"
	kindStorageSpacesThin v1.ProviderKind = "STORAGE_SPACES_THIN"
)

// familiesOf gives the families of a kind; mixed says whether famMixed is open to it.
func familiesOf(kind v1.ProviderKind, mixed bool) families {
	var f families
	switch kind {
	case v1.ProviderKindLvm:
		f = famLVM
	case v1.ProviderKindLvmThin:
		f = famLVMThin
	case v1.ProviderKindZfs, v1.ProviderKindZfsThin:
		f = famZFS
	case kindStorageSpaces, kindStorageSpacesThin:
		f = famLVM | famLVMThin | famZFS
	case v1.ProviderKindFile, v1.ProviderKindFileThin:
		return famFile
	case v1.ProviderKindSpdk:
		return famSPDK
	case kindRemoteSPDK:
		return famRemoteSPDK
	case v1.ProviderKindEbsInit, v1.ProviderKindEbsTarget:
		return famEBS
	case v1.ProviderKindDiskless:
		return famAll
	default:
		return 0
	}
	if mixed {
		f |= famMixed
	}
	return f
}
