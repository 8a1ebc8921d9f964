// Package remote holds the commands of remotes: where backups and other clusters
// are.
package remote

import (
	"context"
	"fmt"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object remote.
func Command() *cli.Command {
	return &cli.Command{Name: "remote", Short: "Manages remotes: S3 buckets, EBS and other clusters.",
		Sub: []*cli.Command{
			list(),
			{Name: "create", Aliases: []string{"c"}, Short: "Adds a remote.", Sub: []*cli.Command{createS3(), createLinstor(), createEbs()}},
			{Name: "modify", Aliases: []string{"m"}, Short: "Changes a remote.", Sub: []*cli.Command{modifyS3(), modifyLinstor(), modifyEbs()}},
			remove(),
		}}
}

func list() *cli.Command {
	return &cli.Command{
		Name: "list", Aliases: []string{"l"}, Short: "Prints the remotes.", Args: cli.Pastable,
		Run: func(ctx context.Context, c *cli.Call) error {
			return cli.Fetch(c, cli.Bare, func(api *client.Client, o ...client.Option) (v1.RemoteList, error) {
				return api.Remotes.List(ctx, o...)
			}, nil, func(l v1.RemoteList) error {
				t := c.Table().Columns("Name", "Type", "Info")
				for _, r := range l.S3Remotes {
					t.Strings(r.RemoteName, "S3", fmt.Sprintf("%s.%s/%s", r.Region, r.Endpoint, r.Bucket))
				}
				for _, r := range l.LinstorRemotes {
					t.Strings(r.RemoteName, "Linstor", r.URL)
				}
				for _, r := range l.EbsRemotes {
					t.Strings(r.RemoteName, "EBS", fmt.Sprintf("%s, AZ: %s", r.Endpoint, r.AvailabilityZone))
				}
				return t.Render(c.Env.Out)
			})
		},
	}
}

func remove() *cli.Command {
	return &cli.Command{
		Name: "delete", Aliases: []string{"d"}, Short: "Removes a remote.",
		Args: func(s *args.Spec) { s.Pos("name", "name of the remote") },
		Run: func(ctx context.Context, c *cli.Call) error {
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.Delete(ctx, c.V.Str("name"), c.Opts()...))
		},
	}
}

// secretKey is the positional's value, or what the user types.
func secretKey(c *cli.Call) (string, error) {
	if s := c.V.Str("secret_key"); s != "" {
		return s, nil
	}
	return c.Env.ReadPassword("Secret key: ")
}

func createS3() *cli.Command {
	return &cli.Command{
		Name: "s3", Short: "Adds an S3 bucket.",
		Args: func(s *args.Spec) {
			s.Flag("--use-path-style", "put the bucket into the path instead of the host name")
			s.Pos("name", "name of the new remote")
			s.Pos("endpoint", "host of the S3 service")
			s.Pos("bucket", "name of the bucket")
			s.Pos("region", "region of the bucket")
			s.Pos("access_key", "access key")
			s.Pos("secret_key", "secret key; asked for when it is missing").Maybe().Secret()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, err := secretKey(c)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.CreateS3(ctx, v1.S3Remote{RemoteName: c.V.Str("name"), Endpoint: c.V.Str("endpoint"),
				Bucket: c.V.Str("bucket"), Region: c.V.Str("region"), AccessKey: c.V.Str("access_key"), SecretKey: secret,
				UsePathStyle: c.V.Bool("use-path-style")}, c.Opts()...))
		},
	}
}

func createLinstor() *cli.Command {
	return &cli.Command{
		Name: "linstor", Aliases: []string{"l"}, Short: "Adds another cluster.",
		Args: func(s *args.Spec) {
			s.Opt("--cluster-id", "the other cluster's id")
			s.Opt("--passphrase", "the other cluster's passphrase; asked for when it is left out").Maybe().Secret()
			s.Pos("name", "name of the new remote")
			s.Pos("url", "address of the other controller")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, _, err := c.Secret("passphrase", "Passphrase: ")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.CreateLinstor(ctx, v1.LinstorRemote{RemoteName: c.V.Str("name"), URL: c.V.Str("url"),
				ClusterID: c.V.Str("cluster-id"), Passphrase: secret}, c.Opts()...))
		},
	}
}

func createEbs() *cli.Command {
	return &cli.Command{
		Name: "ebs", Short: "Adds an EBS service.",
		Args: func(s *args.Spec) {
			s.Opt("--endpoint", "address of the service")
			s.Opt("--region", "region of the service")
			s.Pos("name", "name of the new remote")
			s.Pos("availability_zone", "availability zone")
			s.Pos("access_key", "access key")
			s.Pos("secret_key", "secret key; asked for when it is missing").Maybe().Secret()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, err := secretKey(c)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.CreateEbs(ctx, v1.EbsRemote{RemoteName: c.V.Str("name"), Endpoint: c.V.Str("endpoint"),
				Region: c.V.Str("region"), AvailabilityZone: c.V.Str("availability_zone"), AccessKey: c.V.Str("access_key"),
				SecretKey: secret}, c.Opts()...))
		},
	}
}
