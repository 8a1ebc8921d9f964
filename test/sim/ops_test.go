package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// op is one command: a call of the API and what it means for the ledger.
type op struct {
	method, path string
	body         any
	// wants are the keys that an acknowledged call settles; concerns are those that
	// it may touch.
	wants    map[string]string
	concerns []string
}

// names is how many resource definitions there are; few, so that names come again.
const names = 4

var storageOnly = []v1.LayerType{v1.LayerTypeStorage}

func (s *simulation) name() string {
	n := fmt.Sprintf("a%d", s.rnd.IntN(names))
	if s.rnd.IntN(12) == 0 {
		// Names are compared without case.
		return strings.ToUpper(n)
	}
	return n
}

func (s *simulation) node() string { return sorted(s.machines)[s.rnd.IntN(len(s.machines))] }

func (s *simulation) poolName() string {
	if s.rnd.IntN(2) == 0 {
		return "pool2"
	}
	return "pool"
}

func (s *simulation) sizeKiB() int64 { return int64(1+s.rnd.IntN(16)) << 10 }

func flex(n int) *v1.FlexInt { f := v1.FlexInt(n); return &f }

// choice is a command with how often it comes.
type choice struct {
	weight int
	make   func() op
}

// randomOp chooses a command.
func (s *simulation) randomOp() op {
	ops := []choice{
		{14, s.spawn}, {4, s.createDefinition}, {6, s.createVolume}, {10, s.createResource}, {5, s.autoplace},
		{5, s.makeAvailable}, {8, s.resize}, {4, s.deleteVolume}, {8, s.deleteResource}, {8, s.deleteDefinition},
		{5, s.setProps}, {4, s.keyValue}, {2, s.deactivate}, {3, s.createNode}, {2, s.deleteNode}, {3, s.createPool},
		{2, s.deletePool}, {2, s.evacuate},
	}
	if s.replicated {
		ops = append(ops, s.replicatedOps()...)
	}
	total := 0
	for _, o := range ops {
		total += o.weight
	}
	n := s.rnd.IntN(total)
	for _, o := range ops {
		if n -= o.weight; n < 0 {
			return o.make()
		}
	}
	panic("unreachable")
}

func key(parts ...string) string {
	return parts[0] + "/" + strings.ToUpper(strings.Join(parts[1:], "/"))
}

func (s *simulation) spawn() op {
	n := s.name()
	sizes := []int64{s.sizeKiB()}
	if s.rnd.IntN(3) == 0 {
		sizes = append(sizes, s.sizeKiB())
	}
	wants := map[string]string{key("rd", n): present}
	for i, size := range sizes {
		wants[key("size", n, strconv.Itoa(i))] = strconv.FormatInt(size, 10)
	}
	return op{"POST", "/v1/resource-groups/" + s.group() + "/spawn", v1.ResourceGroupSpawn{ResourceDefinitionName: n, VolumeSizes: sizes,
		SelectFilter: &v1.AutoSelectFilter{PlaceCount: flex(1 + s.rnd.IntN(3))}}, wants, []string{key("res", n, "*")}}
}

func (s *simulation) createDefinition() op {
	n := s.name()
	return op{"POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: n,
		ResourceGroupName: "grp"}}, map[string]string{key("rd", n): present}, nil}
}

func (s *simulation) createVolume() op {
	n, nr, size := s.name(), int32(s.rnd.IntN(2)), s.sizeKiB()
	return op{"POST", "/v1/resource-definitions/" + n + "/volume-definitions",
		v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{VolumeNumber: &nr, SizeKiB: size}},
		map[string]string{key("size", n, strconv.Itoa(int(nr))): strconv.FormatInt(size, 10)}, nil}
}

func (s *simulation) createResource() op {
	n, node := s.name(), s.node()
	return op{"POST", "/v1/resource-definitions/" + n + "/resources/" + node, v1.ResourceCreate{LayerList: s.layers(),
		Resource: &v1.Resource{Props: map[string]string{"StorPoolName": s.poolName()}}},
		s.kept(key("res", n, node), present), []string{key("res", n, node)}}
}

func (s *simulation) autoplace() op {
	n := s.name()
	return op{"POST", "/v1/resource-definitions/" + n + "/autoplace", v1.AutoPlaceRequest{LayerList: s.layers(),
		SelectFilter: &v1.AutoSelectFilter{AdditionalPlaceCount: flex(1)}}, nil, []string{key("res", n, "*")}}
}

func (s *simulation) makeAvailable() op {
	n, node := s.name(), s.node()
	return op{"POST", "/v1/resource-definitions/" + n + "/resources/" + node + "/make-available", v1.ResourceMakeAvailable{Diskful: s.replicated && s.rnd.IntN(2) == 0},
		s.kept(key("res", n, node), present), []string{key("res", n, node)}}
}

func (s *simulation) resize() op {
	n, nr, size := s.name(), s.rnd.IntN(2), s.sizeKiB()+16<<10
	return op{"PUT", "/v1/resource-definitions/" + n + "/volume-definitions/" + strconv.Itoa(nr), v1.VolumeDefinitionModify{SizeKiB: &size},
		map[string]string{key("size", n, strconv.Itoa(nr)): strconv.FormatInt(size, 10)}, nil}
}

func (s *simulation) deleteVolume() op {
	return s.deleteVolumeOf(s.name(), s.rnd.IntN(2))
}

func (s *simulation) deleteVolumeOf(n string, number int) op {
	nr := strconv.Itoa(number)
	return op{"DELETE", "/v1/resource-definitions/" + n + "/volume-definitions/" + nr, nil, map[string]string{key("size", n, nr): absent}, nil}
}

func (s *simulation) deleteResource() op {
	n, node := s.name(), s.node()
	return op{"DELETE", "/v1/resource-definitions/" + n + "/resources/" + node, nil, s.kept(key("res", n, node), absent), []string{key("res", n, node)}}
}

func (s *simulation) deleteDefinition() op {
	n := s.name()
	return op{"DELETE", "/v1/resource-definitions/" + n, nil,
		map[string]string{key("rd", n): absent, key("res", n, "*"): absent},
		[]string{key("res", n, "*"), key("size", n, "*")}}
}

func (s *simulation) setProps() op {
	props := map[string]string{"Aux/sim": strconv.Itoa(s.rnd.IntN(100))}
	modify := v1.ResourceDefinitionModify{OverrideProps: props}
	switch s.rnd.IntN(6) {
	case 0:
		return op{method: "PUT", path: "/v1/nodes/" + s.node(), body: v1.NodeModify{OverrideProps: props}}
	case 1:
		return op{method: "PUT", path: "/v1/nodes/" + s.node() + "/storage-pools/" + s.poolName(), body: v1.StoragePoolDefinitionModify{OverrideProps: props}}
	case 2:
		return op{method: "PUT", path: "/v1/resource-definitions/" + s.name(), body: modify}
	case 3:
		return op{method: "PUT", path: "/v1/resource-groups/grp", body: v1.ResourceGroupModify{OverrideProps: props}}
	case 4:
		return op{method: "PUT", path: "/v1/resource-definitions/" + s.name() + "/resources/" + s.node(), body: v1.ResourceModify{OverrideProps: props}}
	}
	// The properties of drivers are part of what satellites are told.
	stripes := map[string]string{"StorDriver/WaitTimeoutAfterCreate": strconv.Itoa(100 + s.rnd.IntN(100))}
	return op{method: "POST", path: "/v1/controller/properties", body: v1.ControllerPropsModify{OverrideProps: stripes}}
}

func (s *simulation) keyValue() op {
	k, v := strconv.Itoa(s.rnd.IntN(3)), strconv.Itoa(s.rnd.IntN(1000))
	return op{"PUT", "/v1/key-value-store/sim", v1.KeyValueStoreModify{OverrideProps: map[string]string{k: v}}, map[string]string{"kv/" + k: v}, nil}
}

func (s *simulation) deactivate() op {
	do := []string{"deactivate", "activate"}[s.rnd.IntN(2)]
	return op{method: "POST", path: "/v1/resource-definitions/" + s.name() + "/resources/" + s.node() + "/" + do}
}

func (s *simulation) createNode() op { return s.nodeNamed(s.node()) }

func (s *simulation) nodeNamed(n string) op {
	port := v1.FlexInt(3366)
	return op{"POST", "/v1/nodes", v1.Node{Name: n, Type: "satellite", NetInterfaces: []v1.NetInterface{{Name: "default",
		Address: s.machines[n].Address, SatellitePort: &port, SatelliteEncryptionType: "plain"}}}, map[string]string{key("node", n): present}, nil}
}

func (s *simulation) deleteNode() op { return s.nodeGone(s.node(), "") }

func (s *simulation) nodeGone(n, how string) op {
	return op{"DELETE", "/v1/nodes/" + n + how, nil, map[string]string{key("node", n): absent, key("res", "*", n): absent,
		key("pool", n, "*"): absent}, []string{key("res", "*", n), key("pool", n, "*")}}
}

func (s *simulation) createPool() op {
	m := s.machines[s.node()]
	return s.poolOn(m, s.rnd.IntN(len(m.pools)))
}

func (s *simulation) poolOn(m *machine, i int) op {
	p := m.pools[i]
	return op{"POST", "/v1/nodes/" + m.Name + "/storage-pools", v1.StoragePool{StoragePoolName: p.Name, ProviderKind: p.Kind,
		Props: map[string]string{model.KeyPoolBacking: p.Backing}}, map[string]string{key("pool", m.Name, p.Name): present}, nil}
}

func (s *simulation) deletePool() op {
	n, p := s.node(), s.poolName()
	return op{"DELETE", "/v1/nodes/" + n + "/storage-pools/" + p, nil, map[string]string{key("pool", n, p): absent}, nil}
}

func (s *simulation) evacuate() op {
	return op{method: "PUT", path: "/v1/nodes/" + s.node() + "/" + []string{"evacuate", "restore", "restore"}[s.rnd.IntN(3)]}
}

// call runs a command and books its outcome.
func (s *simulation) call(o op) {
	s.counts.inc("operations", 1)
	answered := s.watcher.asks()
	p := s.ledger.begin(o.wants, o.concerns...)
	endangered := s.data.endanger(o)
	s.dropDoomed(p)
	id := s.callID.Add(1)
	s.journal.note("call %d: %s %s %s", id, o.method, o.path, brief(o.body))
	status, data := s.c.Call(o.method, o.path+"?wait="+s.patience, o.body)
	var rcs []v1.ApiCallRc
	_ = json.Unmarshal(data, &rcs)
	first := "no answer"
	if len(rcs) > 0 {
		first = rcs[0].Message
		if rcs[0].Cause != "" {
			first += " (" + rcs[0].Cause + ")"
		}
	}
	switch {
	case len(rcs) > 0 && !rcs[0].RetCode.IsError():
		s.counts.inc("acknowledged", 1)
		s.dropDoomed(p)
		p.kept()
		endangered(true)
	case len(rcs) > 0 && !strings.Contains(first, "not known") && !strings.Contains(first, "unexpected error"):
		p.refused()
		endangered(true)
	default:
		p.unknown()
		endangered(false)
	}
	if len(rcs) > 0 {
		answered()
	}
	if strings.Contains(first, "unexpected error") && !strings.Contains(first, context.Canceled.Error()) {
		s.fail("call %d: %s", id, first)
	}
	s.journal.note("call %d: %d %s", id, status, first)
	for _, rc := range rcs[min(1, len(rcs)):] {
		if rc.RetCode.IsError() {
			s.journal.note("call %d:     %s (%s)", id, rc.Message, rc.Cause)
		}
	}
}

// dropDoomed forgets about sizes of volume definitions that are being deleted: they
// may be changed, but that does not keep them.
func (s *simulation) dropDoomed(p *promise) {
	w := s.watcher.world()
	for k := range p.wants {
		part := strings.Split(k, "/")
		if part[0] != "size" {
			continue
		}
		d, ok := w.Definitions.Get(part[1])
		if _, deleting := look(w, k); ok && (d.Deleting != nil || deleting) {
			p.wants[k] = ""
		}
	}
}

func brief(body any) string {
	if body == nil {
		return ""
	}
	data, _ := json.Marshal(body)
	return string(data)
}
