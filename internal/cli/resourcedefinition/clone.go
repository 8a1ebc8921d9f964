package resourcedefinition

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func clone() *cli.Command {
	return &cli.Command{
		Name: "clone", Aliases: []string{"cln"}, Short: "Makes a copy of a resource.",
		Args: func(s *args.Spec) {
			s.Opt("-e,--external-name", "name given by the user; a valid name is made of it")
			s.Flag("--no-wait", "do not wait until the copy is complete")
			s.Opt("--wait-timeout", "stop waiting after so many seconds").Range(0, 1<<31-1)
			s.Flag("--use-zfs-clone", "let the copy depend on the source (ZFS clone)")
			s.Opt("--volume-passphrase", "new passphrases of the volumes").Any().Secret()
			s.Opt("-l,--layer-list", "layers of the copy, from top to bottom")
			s.Opt("--resource-group,--rsc-grp", "resource group of the copy")
			s.Pos("source_resource", "resource to copy")
			s.Pos("clone_name", "name of the copy").Maybe()
		},
		Run: runClone,
	}
}

func runClone(ctx context.Context, c *cli.Call) error {
	if c.V.Str("clone_name") == "" && c.V.Str("external-name") == "" {
		return cli.Usagef("%s resource-definition clone: error: the clone's name or --external-name is required", c.Prog())
	}
	layers, err := c.Layers("layer-list")
	if err != nil {
		return err
	}
	req := v1.ResourceDefinitionCloneRequest{
		Name: c.V.Str("clone_name"), ExternalName: c.V.Str("external-name"), UseZfsClone: c.V.Bool("use-zfs-clone"),
		LayerList: layers, VolumePassphrases: c.V.List("volume-passphrase"), ResourceGroup: c.V.Str("resource-group"),
	}
	source := c.V.Str("source_resource")
	api, err := c.API()
	if err != nil {
		return err
	}
	if c.G.DryRun {
		return c.Change(api.ResourceDefinitions.PlanClone(ctx, source, req))
	}
	started, err := api.ResourceDefinitions.Clone(ctx, source, req)
	if err != nil || c.G.Curl {
		return err
	}
	if c.G.Machine {
		if err := c.PrintJSON([]any{started}); err != nil || c.V.Bool("no-wait") {
			return err
		}
	} else {
		for _, rc := range started.Messages {
			c.ShowReply(*rc)
		}
	}
	if c.V.Bool("no-wait") {
		return nil
	}
	return awaitClone(c, func() (string, error) {
		st, err := api.ResourceDefinitions.CloneStatus(ctx, source, started.CloneName)
		return st.Status, err
	})
}

func awaitClone(c *cli.Call, ask func() (string, error)) error {
	say := func(text string) {
		if !c.G.Machine {
			c.Printf("%s\n", text)
		}
	}
	say("Waiting for cloning to complete...")
	status := ""
	done, err := poll(c, func() (bool, error) {
		var err error
		status, err = ask()
		return status == "COMPLETE" || status == "FAILED", err
	})
	switch {
	case err != nil:
		return err
	case !done:
		return cli.Exitf(cli.ExitTimeout, "Error: Timeout while waiting for the clone; it goes on")
	case status == "FAILED":
		say("Failed.")
		return &cli.Exit{Code: cli.ExitAPI}
	}
	say("Completed.")
	return nil
}
