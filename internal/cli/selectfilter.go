package cli

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// SelectOptions declares the options that choose nodes and pools. count is the
// option for the number of replicas, layers and providers the others' spellings;
// an empty one is not declared.
func SelectOptions(s *args.Spec, count, layers, providers string) {
	if count != "" {
		s.Opt(count, "number of replicas: N, or +N for N more, or max for all nodes").As("REPLICA_COUNT")
	}
	if layers != "" {
		s.Opt(layers, "comma separated layers from top to bottom, such as drbd,luks,storage")
	}
	if providers != "" {
		s.Opt(providers, "comma separated providers that may be used, such as lvm,zfs_thin")
	}
	s.Opt("--storage-pool,-s", "storage pools to use; none clears the choice").Any()
	s.Opt("--diskless-storage-pool", "diskless storage pools to use; none clears the choice").Any()
	s.Opt("--do-not-place-with", "avoid nodes that have one of these resources").Any().As("RESOURCE_NAME")
	s.Opt("--do-not-place-with-regex", "avoid nodes that have a resource that matches").Maybe().As("RESOURCE_REGEX")
	s.Opt("--replicas-on-same", "place on nodes with the same value of these Aux properties").Any().As("AUX_PROPERTY")
	s.Opt("--replicas-on-different", "place on nodes with different values of these Aux properties").Any().As("AUX_PROPERTY")
	s.Opt("--x-replicas-on-different", "pairs of an Aux property and the replicas allowed per value").Any().As("AUX_PROPERTY N")
	s.Opt("--diskless-on-remaining", "make diskless resources on all other nodes; false turns it off").Maybe().Choose("true", "false").Fold()
}

// SelectFilter reads the options of SelectOptions. Absent options stay absent:
// the controller then keeps what it has.
func (c *Call) SelectFilter(count string) (*v1.AutoSelectFilter, error) {
	f := &v1.AutoSelectFilter{}
	if err := c.placeCount(f, count); err != nil {
		return nil, err
	}
	list := func(dest string, dst *[]string) {
		if c.V.Given(dest) {
			*dst = append([]string{}, c.V.List(dest)...)
		}
	}
	list("storage-pool", &f.StoragePoolList)
	list("diskless-storage-pool", &f.StoragePoolDisklessList)
	list("do-not-place-with", &f.NotPlaceWithRsc)
	if c.V.Given("do-not-place-with-regex") {
		re := c.V.Str("do-not-place-with-regex")
		f.NotPlaceWithRscRegex = &re
	}
	list("replicas-on-same", &f.ReplicasOnSame)
	list("replicas-on-different", &f.ReplicasOnDifferent)
	addAux(f.ReplicasOnSame)
	addAux(f.ReplicasOnDifferent)
	if err := c.xReplicas(f); err != nil {
		return nil, err
	}
	if c.V.Given("diskless-on-remaining") {
		on := c.V.Str("diskless-on-remaining") != "false"
		f.DisklessOnRemaining = &on
	}
	return f, c.layersAndProviders(f)
}

func (c *Call) placeCount(f *v1.AutoSelectFilter, dest string) error {
	if !c.V.Given(dest) {
		return nil
	}
	text := c.V.Str(dest)
	n := v1.FlexInt(-1)
	if text == "max" || text == "all" {
		f.PlaceCount = &n
		return nil
	}
	digits, more := strings.CutPrefix(text, "+")
	v, err := strconv.ParseInt(digits, 10, 32)
	if err != nil || v < 0 {
		return Usagef("Error: --%s: '%s' is not a number of replicas; write N, +N, max or all", dest, text)
	}
	n = v1.FlexInt(v)
	if more {
		f.AdditionalPlaceCount = &n
	} else {
		f.PlaceCount = &n
	}
	return nil
}

func addAux(keys []string) {
	for i, k := range keys {
		if k != "" && !strings.HasPrefix(k, "Aux/") {
			keys[i] = "Aux/" + k
		}
	}
}

func (c *Call) xReplicas(f *v1.AutoSelectFilter) error {
	if !c.V.Given("x-replicas-on-different") {
		return nil
	}
	pairs := c.V.List("x-replicas-on-different")
	if len(pairs)%2 != 0 {
		return Usagef("Error: --x-replicas-on-different needs pairs of a property and a number")
	}
	f.XReplicasOnDifferentMap = map[string]v1.FlexInt{}
	for i := 0; i < len(pairs); i += 2 {
		n, err := strconv.ParseInt(pairs[i+1], 10, 32)
		if err != nil {
			return Usagef("Error: --x-replicas-on-different: '%s' is not a number", pairs[i+1])
		}
		key := []string{pairs[i]}
		addAux(key)
		f.XReplicasOnDifferentMap[key[0]] = v1.FlexInt(n)
	}
	return nil
}

// providers are the names that --providers takes.
func providers() []string {
	return []string{"LVM", "LVM_THIN", "ZFS", "ZFS_THIN", "DISKLESS", "FILE", "FILE_THIN", "SPDK",
		"REMOTE_SPDK", "STORAGE_SPACES", "STORAGE_SPACES_THIN", "EBS_TARGET", "EBS_INIT"}
}

func (c *Call) layersAndProviders(f *v1.AutoSelectFilter) error {
	layers, err := c.Layers("layer-list")
	if err != nil {
		return err
	}
	if layers != nil {
		f.LayerStack = []string{}
		for _, l := range layers {
			f.LayerStack = append(f.LayerStack, string(l))
		}
	}
	if !c.V.Given("providers") {
		return nil
	}
	f.ProviderList = []string{}
	for name := range strings.SplitSeq(c.V.Str("providers"), ",") {
		if name = strings.ToUpper(strings.TrimSpace(name)); name == "" {
			continue
		}
		if !HasFlag(providers(), name) {
			return Usagef("Error: Storage provider '%s' not valid. Possible storage providers: %s", name, strings.Join(providers(), ","))
		}
		f.ProviderList = append(f.ProviderList, name)
	}
	return nil
}
