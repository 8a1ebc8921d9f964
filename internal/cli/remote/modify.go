package remote

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

func modifyS3() *cli.Command {
	return &cli.Command{
		Name: "s3", Short: "Changes an S3 bucket.",
		Args: func(s *args.Spec) {
			s.Opt("--endpoint", "host of the S3 service")
			s.Opt("--bucket", "name of the bucket")
			s.Opt("--region", "region of the bucket")
			s.Opt("--access_key", "access key")
			s.Opt("--secret_key", "secret key; asked for when it is left out").Maybe().Secret()
			s.Pos("name", "name of the remote")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, _, err := c.Secret("secret_key", "Secret key: ")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.ModifyS3(ctx, c.V.Str("name"), v1.S3Remote{RemoteName: c.V.Str("name"), Endpoint: c.V.Str("endpoint"),
				Bucket: c.V.Str("bucket"), Region: c.V.Str("region"), AccessKey: c.V.Str("access_key"), SecretKey: secret}, c.Opts()...))
		},
	}
}

func modifyLinstor() *cli.Command {
	return &cli.Command{
		Name: "linstor", Aliases: []string{"l"}, Short: "Changes another cluster.",
		Args: func(s *args.Spec) {
			s.Opt("--url", "address of the other controller")
			s.Opt("--cluster-id", "the other cluster's id")
			s.Opt("--passphrase", "the other cluster's passphrase; asked for when it is left out").Maybe().Secret()
			s.Pos("name", "name of the remote")
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
			return c.Change(api.Remotes.ModifyLinstor(ctx, c.V.Str("name"), v1.LinstorRemote{RemoteName: c.V.Str("name"), URL: c.V.Str("url"),
				ClusterID: c.V.Str("cluster-id"), Passphrase: secret}, c.Opts()...))
		},
	}
}

func modifyEbs() *cli.Command {
	return &cli.Command{
		Name: "ebs", Short: "Changes an EBS service.",
		Args: func(s *args.Spec) {
			s.Opt("--endpoint", "address of the service")
			s.Opt("--availability-zone,--az", "availability zone")
			s.Opt("--region", "region of the service")
			s.Opt("--access_key", "access key")
			s.Opt("--secret_key", "secret key; asked for when it is left out").Maybe().Secret()
			s.Pos("name", "name of the remote")
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, _, err := c.Secret("secret_key", "Secret key: ")
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Remotes.ModifyEbs(ctx, c.V.Str("name"), v1.EbsRemote{RemoteName: c.V.Str("name"), Endpoint: c.V.Str("endpoint"),
				Region: c.V.Str("region"), AvailabilityZone: c.V.Str("availability-zone"), AccessKey: c.V.Str("access_key"),
				SecretKey: secret}, c.Opts()...))
		},
	}
}
