package resource

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func create() *cli.Command {
	return &cli.Command{
		Name: "create", Aliases: []string{"c"}, Short: "Deploys a resource definition on nodes.", Transaction: true,
		Args: func(s *args.Spec) {
			s.Flag("--diskless,-d", "without a disk; use --drbd-diskless or --nvme-initiator")
			s.Opt("--node-id", "DRBD node id to use").Range(0, 31)
			s.Flag("--async", "kept for old scripts").Hide()
			s.Flag("--nvme-initiator", "as an NVMe initiator")
			s.Flag("--drbd-diskless", "as a diskless DRBD resource")
			s.Flag("--ebs-initiator", "as an EBS initiator")
			s.Flag("--inactive", "make it, but do not bring it up")
			s.Opt("--drbd-tcp-port", "DRBD port to use").Range(1, 65535)
			cli.SelectOptions(s, "--auto-place", "-l,--layer-list", "--providers,-p")
			s.Pos("node_name", "names of the nodes; none with --auto-place").Any()
			s.Pos("resource_definition_name", "name of the resource definition")
		},
		Run: runCreate,
	}
}

func runCreate(ctx context.Context, c *cli.Call) error {
	name := c.V.Str("resource_definition_name")
	if c.V.Given("auto-place") {
		return autoPlace(ctx, c, name)
	}
	nodes := c.V.List("node_name")
	if len(nodes) == 0 {
		return cli.Usagef("%s resource create: error: too few arguments: Node name missing; name the nodes or use --auto-place", c.Prog())
	}
	one, err := template(c)
	if err != nil {
		return err
	}
	var list []v1.ResourceCreate
	for _, n := range nodes {
		r := one
		res := *one.Resource
		res.NodeName = n
		r.Resource = &res
		list = append(list, r)
	}
	if c.Collecting() {
		for _, r := range list {
			c.Enqueue(cli.Queued{Resource: name, Create: r})
		}
		return nil
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.Resources.Create(ctx, name, list, c.Opts()...))
}

// template is what all nodes get.
func template(c *cli.Call) (v1.ResourceCreate, error) {
	var r v1.ResourceCreate
	res := &v1.Resource{}
	for _, f := range []struct{ dest, flag string }{{"diskless", "DISKLESS"}, {"drbd-diskless", "DRBD_DISKLESS"},
		{"nvme-initiator", "NVME_INITIATOR"}, {"ebs-initiator", "EBS_INITIATOR"}} {
		if c.V.Bool(f.dest) {
			res.Flags = append(res.Flags, f.flag)
		}
	}
	if pools := c.V.List("storage-pool"); len(pools) > 0 {
		if len(pools) > 1 {
			return r, cli.Usagef("Error: A resource on a named node takes one storage pool; put --storage-pool last or use --auto-place")
		}
		res.Props = map[string]string{"StorPoolName": pools[0]}
	}
	layers, err := c.Layers("layer-list")
	if err != nil {
		return r, err
	}
	if c.V.Bool("inactive") {
		res.Flags = append(res.Flags, "INACTIVE")
	}
	r.Resource, r.LayerList, r.DRBDNodeID, r.DRBDTCPPorts = res, layers, c.V.Int32("node-id"), ports(c)
	return r, nil
}

func autoPlace(ctx context.Context, c *cli.Call, name string) error {
	filter, err := c.SelectFilter("auto-place")
	if err != nil {
		return err
	}
	return AutoPlace(ctx, c, name, filter)
}

// AutoPlace places replicas by the options that were given; resource-definition
// auto-place uses it too.
func AutoPlace(ctx context.Context, c *cli.Call, name string, filter *v1.AutoSelectFilter) error {
	if c.Collecting() {
		return cli.Exitf(cli.ExitIllegalState, "Error: --auto-place is not possible within a transaction")
	}
	req := v1.AutoPlaceRequest{SelectFilter: filter}
	if filter.DisklessOnRemaining != nil {
		req.DisklessOnRemaining = *filter.DisklessOnRemaining
	}
	switch {
	case c.V.Bool("drbd-diskless"), c.V.Bool("diskless"):
		filter.DisklessType = "DRBD_DISKLESS"
	case c.V.Bool("nvme-initiator"):
		filter.DisklessType = "NVME_INITIATOR"
	}
	layers, err := c.Layers("layer-list")
	if err != nil {
		return err
	}
	req.LayerList = layers
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.Resources.Autoplace(ctx, name, req, c.Opts()...))
}

func transactional() *cli.Command {
	return &cli.Command{
		Name: "create-transactional", Aliases: []string{"ct"}, Short: "Collects resources and makes them with one request, in interactive mode.",
		Sub: []*cli.Command{
			{Name: "begin", Aliases: []string{"b"}, Short: "Starts to collect.", Args: func(s *args.Spec) {
				s.Flag("--terminate-on-error", "drop the transaction when a command fails")
			}, Run: func(_ context.Context, c *cli.Call) error { return c.Begin(c.V.Bool("terminate-on-error")) }},
			{Name: "abort", Aliases: []string{"a"}, Short: "Forgets what was collected.", Transaction: true,
				Run: func(_ context.Context, c *cli.Call) error { _, err := c.End(); return err }},
			{Name: "commit", Aliases: []string{"c"}, Short: "Makes what was collected.", Transaction: true,
				Args: func(s *args.Spec) { s.Flag("--async", "kept for old scripts").Hide() }, Run: commit},
		},
	}
}

// commit sends one request per resource definition, in the order of collecting.
func commit(ctx context.Context, c *cli.Call) error {
	queue, err := c.End()
	if err != nil {
		return err
	}
	var names []string
	byName := map[string][]v1.ResourceCreate{}
	for _, q := range queue {
		if _, ok := byName[q.Resource]; !ok {
			names = append(names, q.Resource)
		}
		byName[q.Resource] = append(byName[q.Resource], q.Create)
	}
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Each(names, func(name string) (*client.Reply, error) {
		return api.Resources.Create(ctx, name, byName[name], c.Opts()...)
	})
}
