// Package show renders state as the API's bodies and as the words of its answers.
// It is pure; every list and every single GET of an object goes through it, so
// that an object looks the same wherever it appears.
package show

import "fmt"

// The inline forms of objects, as answers name them.

// NodeName is the inline form of a node.
func NodeName(n string) string { return fmt.Sprintf("node '%s'", n) }

// PoolName is the inline form of a storage pool.
func PoolName(node, p string) string { return fmt.Sprintf("storage pool '%s' on node '%s'", p, node) }

// PoolDefinitionName is the inline form of a storage pool definition.
func PoolDefinitionName(p string) string { return fmt.Sprintf("storage pool definition '%s'", p) }

// GroupName is the inline form of a resource group.
func GroupName(g string) string { return fmt.Sprintf("resource group '%s'", g) }

// VolumeGroupName is the inline form of a volume group.
func VolumeGroupName(g string, nr int) string {
	return fmt.Sprintf("volume group with number '%d' of resource group '%s'", nr, g)
}

// DefinitionName is the inline form of a resource definition.
func DefinitionName(d string) string { return fmt.Sprintf("resource definition '%s'", d) }

// VolumeDefinitionName is the inline form of a volume definition.
func VolumeDefinitionName(d string, nr int) string {
	return fmt.Sprintf("volume definition with number '%d' of resource definition '%s'", nr, d)
}

// ResourceName is the inline form of a resource.
func ResourceName(d, node string) string { return fmt.Sprintf("resource '%s' on node '%s'", d, node) }

// InterfaceName is the inline form of a net interface.
func InterfaceName(node, i string) string {
	return fmt.Sprintf("net interface '%s' of node '%s'", i, node)
}
