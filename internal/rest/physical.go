package rest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sort"
	"strings"
	"sync"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object"
	"github.com/holdfast-storage/holdfast/internal/object/show"
)

func (s *Server) devices(ctx context.Context, node string) ([]wire.PhysicalDevice, error) {
	peer, ok := s.cfg.Satellites.Peer(node)
	if !ok {
		return nil, offline(s.cfg.Engine.World(), node)
	}
	ctx, cancel := context.WithTimeout(ctx, physicalTime)
	defer cancel()
	a, err := peer.Physical(ctx, wire.PhysicalRequest{Fence: s.cfg.Satellites.Fence()})
	if err != nil {
		return nil, satelliteFault(node, err)
	}
	return a.Devices, nil
}

// satelliteFault keeps a satellite's own words and wraps everything else.
func satelliteFault(node string, err error) error {
	if r, ok := errors.AsType[*link.Refused](err); ok {
		p := r.Problem
		return &fault.Fault{Code: p.RetCode, Message: p.Message, Cause: p.Cause, Correction: p.Correction, Details: p.Details,
			Refs: map[string]string{"Node": node}}
	}
	return fault.New(v1.FailUnknownError, "Satellite '%s' did not answer.", node).Because("%v", err).
		Fix("Look at the node's state with 'node list' and try again.").Ref("Node", node).Wrap(err)
}

func (s *Server) physicalNode(r *http.Request) (any, error) {
	n, err := s.node(r)
	if err != nil {
		return nil, err
	}
	devs, err := s.devices(r.Context(), n.Name)
	if err != nil {
		return nil, err
	}
	out := []v1.PhysicalStorageNode{}
	for _, d := range devs {
		out = append(out, v1.PhysicalStorageNode{Size: d.SizeBytes, Rotational: d.Rotational, Device: d.Device, Model: d.Model, Serial: d.Serial, WWN: d.WWN})
	}
	return out, nil
}

// physicalAll asks all online nodes at once and groups by size and kind.
func (s *Server) physicalAll(r *http.Request) (any, error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	groups := map[string]*v1.PhysicalStorage{}
	for n := range s.cfg.Engine.World().Nodes.All {
		if _, ok := s.cfg.Satellites.Peer(n.Name); !ok {
			continue
		}
		wg.Go(func() {
			devs, err := s.devices(r.Context(), n.Name)
			if err != nil {
				s.cfg.Log.Warn("list unused devices", "node", n.Name, "err", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, d := range devs {
				addDevice(groups, n.Name, d)
			}
		})
	}
	wg.Wait()
	out := []v1.PhysicalStorage{}
	for _, g := range groups {
		out = append(out, *g)
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Size > out[j].Size || out[i].Size == out[j].Size && !out[i].Rotational && out[j].Rotational
	})
	return object.Page(&object.Request{Query: r.URL.Query()}, out), nil
}

func addDevice(groups map[string]*v1.PhysicalStorage, node string, d wire.PhysicalDevice) {
	key := fmt.Sprint(d.SizeBytes, d.Rotational)
	g, ok := groups[key]
	if !ok {
		g = &v1.PhysicalStorage{Size: d.SizeBytes, Rotational: d.Rotational, Nodes: map[string][]v1.PhysicalStorageDevice{}}
		groups[key] = g
	}
	g.Nodes[node] = append(g.Nodes[node], v1.PhysicalStorageDevice{Device: d.Device, Model: d.Model, Serial: d.Serial, WWN: d.WWN})
}

const physicalMask = v1.MaskPhysicalDevice | v1.MaskCreate

func (s *Server) createDevicePool(w http.ResponseWriter, r *http.Request) {
	rcs, err := s.devicePool(w, r)
	switch {
	case err != nil:
		s.fail(w, r, err, physicalMask)
	case rcs != nil:
		s.answer(w, http.StatusCreated, physicalMask, rcs)
	}
}

func (s *Server) devicePool(w http.ResponseWriter, r *http.Request) ([]v1.ApiCallRc, error) {
	var in v1.PhysicalStorageCreate
	if err := decode(r, &in, false); err != nil {
		return nil, err
	}
	n, err := s.node(r)
	if err != nil {
		return nil, err
	}
	if err := checkDevicePool(&in); err != nil {
		return nil, err
	}
	peer, ok := s.cfg.Satellites.Peer(n.Name)
	if !ok {
		return nil, offline(s.cfg.Engine.World(), n.Name)
	}
	preview, rcs, err := s.previewPool(r, n.Name, in)
	if err != nil {
		return nil, err
	}
	a, err := peer.Physical(r.Context(), wire.PhysicalRequest{Fence: s.cfg.Satellites.Fence(), Create: &in, Plan: dryRun(r)})
	if err != nil {
		return nil, satelliteFault(n.Name, err)
	}
	made := []v1.ApiCallRc{{RetCode: v1.Created, Message: fmt.Sprintf("Device pool '%s' was made on node '%s'.", in.PoolName, n.Name),
		ObjRefs: map[string]string{"Node": n.Name, "PoolName": in.PoolName}}}
	if dryRun(r) {
		plan := v1.Plan{Nodes: []v1.NodePlan{{Node: n.Name, Reachable: true, Steps: planSteps(a.Steps)}},
			Changes: []v1.PlanChange{{Object: "device-pool", Name: in.PoolName, Node: n.Name, Action: v1.PlanActionCreate, Details: string(in.ProviderKind)}}}
		for _, rc := range append(made, rcs...) {
			rc.RetCode = masked(rc.RetCode, physicalMask)
			plan.Messages = append(plan.Messages, rc)
		}
		if preview != nil {
			plan.Changes = append(plan.Changes, diff(preview)...)
		}
		s.write(w, http.StatusOK, plan)
		return nil, nil
	}
	if in.WithStoragePool == nil {
		return made, nil
	}
	more, err := s.poolOnDevices(r, n.Name, in, a.Backing)
	return append(made, more...), err
}

func checkDevicePool(in *v1.PhysicalStorageCreate) error {
	switch in.ProviderKind {
	case v1.ProviderKindLvm, v1.ProviderKindLvmThin, v1.ProviderKindZfs, v1.ProviderKindZfsThin:
	default:
		return fault.New(v1.FailInvalidProvider, "Device pools of kind '%s' cannot be made.", in.ProviderKind).
			Because("field 'provider_kind' has another value than LVM, LVM_THIN, ZFS or ZFS_THIN").Fix("Use one of these.")
	}
	if len(in.DevicePaths) == 0 {
		return fault.New(v1.FailInvalidRequest, "No device was named.").
			Because("field 'device_paths' is empty").Fix("'physical-storage list' shows the unused devices.")
	}
	for _, d := range in.DevicePaths {
		if !strings.HasPrefix(d, "/") {
			return fault.New(v1.FailInvalidRequest, "'%s' is no device path.", d).
				Because("field 'device_paths' needs absolute paths").Fix("Use a path such as /dev/sdb.")
		}
	}
	if in.RaidLevel != "" && !strings.EqualFold(in.RaidLevel, "JBOD") {
		return fault.New(v1.FailInvalidRequest, "RAID level '%s' is not known.", in.RaidLevel).
			Because("field 'raid_level' only takes JBOD").
			Fix("Give the level to the tool: vg_create_arguments and lv_create_arguments (--type raid1) or zpool_create_arguments (mirror).")
	}
	if in.VDOEnable || in.Sed {
		return fault.New(v1.FailInvalidRequest, "VDO and self-encrypting drives are not available in this version.").
			Because("field 'vdo_enable' or 'sed' is set").Fix("Leave it out.")
	}
	if in.PoolName == "" {
		in.PoolName = "linstor_" + in.DevicePaths[0][strings.LastIndexByte(in.DevicePaths[0], '/')+1:]
	}
	return nil
}

// previewPool finds out beforehand whether the storage pool can be made, so that no
// device is taken in vain, and what that would change; nil where none is asked for.
func (s *Server) previewPool(r *http.Request, node string, in v1.PhysicalStorageCreate) (*model.Tx, []v1.ApiCallRc, error) {
	if in.WithStoragePool == nil {
		return nil, nil, nil
	}
	var rcs []v1.ApiCallRc
	tx, err := s.cfg.Engine.Preview(actor(r), func(tx *model.Tx) error {
		var err error
		rcs, err = s.writePool(tx, &object.Request{}, node, in, "preview/preview")
		return err
	})
	return tx, rcs, err
}

func (s *Server) writePool(tx *model.Tx, req *object.Request, node string, in v1.PhysicalStorageCreate, backing string) ([]v1.ApiCallRc, error) {
	sp := in.WithStoragePool
	props := map[string]string{model.KeyPoolBacking: backing}
	maps.Copy(props, sp.Props)
	if in.ProviderKind == v1.ProviderKindLvm || backing == "" {
		props[model.KeyPoolBacking] = strings.SplitN(backing, "/", 2)[0]
	}
	req.Path = map[string]string{"node": node}
	req.Body = &v1.StoragePool{StoragePoolName: sp.Name, ProviderKind: in.ProviderKind, Props: props, SharedSpace: sp.SharedSpace, ExternalLocking: sp.ExternalLocking}
	for _, rt := range s.cfg.Routes {
		if rt.Method == http.MethodPost && rt.Path == "/nodes/{node}/storage-pools" {
			return rt.Write(tx, req)
		}
	}
	return nil, fault.New(v1.FailImplError, "storage pools cannot be made")
}

func (s *Server) poolOnDevices(r *http.Request, node string, in v1.PhysicalStorageCreate, backing string) ([]v1.ApiCallRc, error) {
	var rcs []v1.ApiCallRc
	var todo concerned
	_, err := s.cfg.Engine.Do(r.Context(), actor(r), func(tx *model.Tx) error {
		req := &object.Request{}
		var err error
		if rcs, err = s.writePool(tx, req, node, in, backing); err == nil {
			todo = concern(tx.Base(), tx.World, tx.Touched(), req)
		}
		return err
	})
	if err != nil {
		if f, ok := fault.As(err); ok {
			f.Detail("The device pool on node '%s' was made and stays: %s. Create the storage pool on it with 'storage-pool create', or remove it by hand.",
				node, show.PoolName(node, backing))
		}
		return nil, err
	}
	ctx, cancel, err := s.patience(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return append(rcs, s.wait(ctx, todo)...), nil
}
