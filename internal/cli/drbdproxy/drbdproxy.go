// Package drbdproxy holds the commands of DRBD proxies.
package drbdproxy

import (
	"context"
	"strconv"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object drbd-proxy.
func Command() *cli.Command {
	return &cli.Command{Name: "drbd-proxy", Aliases: []string{"proxy"}, Short: "Manages DRBD proxies.",
		Sub: []*cli.Command{enable(), disable(), options(), compression()}}
}

func pair(s *args.Spec) {
	s.Pos("node_name_a", "first node")
	s.Pos("node_name_b", "second node")
	s.Pos("resource_name", "name of the resource")
}

func enable() *cli.Command {
	return &cli.Command{Name: "enable", Aliases: []string{"e"}, Short: "Puts a proxy between two nodes.",
		Args: func(s *args.Spec) {
			s.Opt("-p,--port", "port of the proxy").Range(1, 65535)
			pair(s)
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceDefinitions.EnableProxy(ctx, c.V.Str("resource_name"), c.V.Str("node_name_a"), c.V.Str("node_name_b"),
				v1.DrbdProxyEnable{Port: int32(c.V.Int("port"))}, c.Opts()...))
		}}
}

func disable() *cli.Command {
	return &cli.Command{Name: "disable", Aliases: []string{"d"}, Short: "Takes a proxy away.", Args: pair,
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceDefinitions.DisableProxy(ctx, c.V.Str("resource_name"), c.V.Str("node_name_a"), c.V.Str("node_name_b"), c.Opts()...))
		}}
}

func names() []string {
	return []string{"memlimit", "ping-timeout", "rcvbuf-size", "read-loops", "sndbuf-size"}
}

func options() *cli.Command {
	return &cli.Command{Name: "options", Aliases: []string{"opt"}, Short: "Sets proxy options; --unset-OPTION removes one.",
		Args: func(s *args.Spec) {
			for _, n := range names() {
				s.Opt("--"+n, "proxy option")
				s.Flag("--unset-"+n, "remove the option").Hide()
			}
			s.Pos("resource_name", "name of the resource")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			m := v1.DrbdProxyModify{OverrideProps: map[string]string{}}
			for _, n := range names() {
				switch set, unset := c.V.Given(n), c.V.Given("unset-"+n); {
				case set && unset:
					return cli.Usagef("Error: You are not allowed to set and unset %s at the same time!", n)
				case set:
					if _, err := strconv.ParseUint(c.V.Str(n), 10, 63); err != nil {
						return cli.Usagef("Error: --%s: '%s' is not a number", n, c.V.Str(n))
					}
					m.OverrideProps["DrbdOptions/Proxy/"+n] = c.V.Str(n)
				case unset:
					m.DeleteProps = append(m.DeleteProps, "DrbdOptions/Proxy/"+n)
				}
			}
			return modify(ctx, c, m)
		}}
}

func modify(ctx context.Context, c *cli.Call, m v1.DrbdProxyModify) error {
	api, err := c.API()
	if err != nil {
		return err
	}
	return c.Change(api.ResourceDefinitions.ModifyProxy(ctx, c.V.Str("resource_name"), m, c.Opts()...))
}

func compression() *cli.Command {
	kinds := []struct {
		name string
		opts []string
	}{{"none", nil}, {"zlib", []string{"level"}}, {"lz4", nil}, {"zstd", nil}, {"lzma", []string{"contexts", "depth", "dict-size",
		"fallback-to-zlib", "lc", "level", "lp", "mf", "mode", "nice-len", "numa-threshold", "pb"}}}
	cmd := &cli.Command{Name: "compression", Aliases: []string{"c"}, Short: "Sets how the proxy compresses."}
	for _, k := range kinds {
		cmd.Sub = append(cmd.Sub, &cli.Command{Name: k.name, Short: "Compression " + k.name + ".",
			Args: func(s *args.Spec) {
				for _, o := range k.opts {
					a := s.Opt("--"+o, "option of the compression")
					switch o {
					case "fallback-to-zlib":
						a.Choose("off", "on")
					case "mf":
						a.Choose("hc4", "hc3", "bt2", "bt3", "bt4")
					case "mode":
						a.Choose("fast", "normal")
					default:
						a.Int()
					}
				}
				s.Pos("resource_name", "name of the resource")
			},
			Run: func(ctx context.Context, c *cli.Call) error {
				m := v1.DrbdProxyModify{CompressionType: k.name, CompressionProps: map[string]string{}}
				for _, o := range k.opts {
					if c.V.Given(o) {
						m.CompressionProps["DrbdOptions/ProxyCompression/"+o] = c.V.Str(o)
					}
				}
				return modify(ctx, c, m)
			}})
	}
	return cmd
}
