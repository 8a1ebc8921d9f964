package resourcegroup

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func spawn() *cli.Command {
	return &cli.Command{
		Name: "spawn-resources", Aliases: []string{"spawn"}, Short: "Makes a resource of the group, with volumes of the given sizes.",
		Args: func(s *args.Spec) {
			s.Flag("-p,--partial", "allow fewer sizes than the group has volumes")
			s.Flag("-d,--definition-only", "make the definitions, but no resources")
			s.Opt("--volume-passphrase", "passphrases of the volumes").Any().Secret()
			s.Opt("--external-name", "name given by the user")
			s.Opt("--peer-slots", "how many peers the DRBD metadata has room for").Range(1, 31)
			cli.SelectOptions(s, "--place-count", "-l,--layer-list", "--providers,--prov")
			s.Pos("resource_group_name", "name of the group")
			s.Pos("resource_definition_name", "name of the new resource")
			s.Pos("volume_sizes", "sizes of the volumes, in GiB unless a unit is given").Any()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			req, err := SpawnRequest(c)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.ResourceGroups.Spawn(ctx, c.V.Str("resource_group_name"), req, c.Opts()...))
		},
	}
}

// SpawnRequest reads the options of spawn-resources; explain uses it too.
func SpawnRequest(c *cli.Call) (v1.ResourceGroupSpawn, error) {
	req := v1.ResourceGroupSpawn{
		ResourceDefinitionName: c.V.Str("resource_definition_name"), ResourceDefinitionExternalName: c.V.Str("external-name"),
		Partial: c.V.Bool("partial"), DefinitionsOnly: c.V.Bool("definition-only"),
		PeerSlots: cli.FlexInt(c, "peer-slots"), VolumePassphrases: c.V.List("volume-passphrase"),
	}
	for _, text := range c.V.List("volume_sizes") {
		size, err := cli.SizeArg(text)
		if err != nil {
			return req, err
		}
		req.VolumeSizes = append(req.VolumeSizes, size)
	}
	var err error
	req.SelectFilter, err = c.SelectFilter("place-count")
	return req, err
}
