// Package encryption holds the commands of the cluster passphrase.
package encryption

import (
	"context"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Command is the object encryption.
func Command() *cli.Command {
	return &cli.Command{Name: "encryption", Aliases: []string{"e"}, Short: "Manages the passphrase that protects the volumes' keys.",
		Sub: []*cli.Command{enter(), create(), modify()}}
}

func passphraseArg(s *args.Spec) {
	s.Opt("-p,--passphrase", "the passphrase; asked for when it is missing").Secret()
}

func enter() *cli.Command {
	return &cli.Command{
		Name: "enter-passphrase", Aliases: []string{"ep"}, Short: "Unlocks the keys after the controller was started.", Args: passphraseArg,
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, err := given(c, "passphrase", "Passphrase: ", false)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Encryption.Enter(ctx, secret, c.Opts()...))
		},
	}
}

func create() *cli.Command {
	return &cli.Command{
		Name: "create-passphrase", Aliases: []string{"cp"}, Short: "Sets the first passphrase.", Args: passphraseArg,
		Run: func(ctx context.Context, c *cli.Call) error {
			secret, err := given(c, "passphrase", "Passphrase: ", true)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Encryption.Create(ctx, secret, c.Opts()...))
		},
	}
}

func modify() *cli.Command {
	return &cli.Command{
		Name: "modify-passphrase", Aliases: []string{"mp"}, Short: "Changes the passphrase.",
		Args: func(s *args.Spec) {
			s.Opt("--old-passphrase", "the present passphrase; asked for when it is missing").Secret()
			s.Opt("--new-passphrase", "the new passphrase; asked for when it is missing").Secret()
		},
		Run: func(ctx context.Context, c *cli.Call) error {
			old, err := given(c, "old-passphrase", "Current passphrase: ", false)
			if err != nil {
				return err
			}
			secret, err := given(c, "new-passphrase", "New passphrase: ", true)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(api.Encryption.Modify(ctx, v1.PassPhraseCreate{OldPassphrase: old, NewPassphrase: secret}, c.Opts()...))
		},
	}
}

// given is the option's value, or what the user types, twice for a new one.
func given(c *cli.Call, dest, prompt string, twice bool) (string, error) {
	if s := c.V.Str(dest); s != "" {
		return s, nil
	}
	first, err := c.Env.ReadPassword(prompt)
	if err != nil || !twice {
		return first, err
	}
	second, err := c.Env.ReadPassword("Reenter passphrase: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", cli.Usagef("Error: The passphrases are not the same")
	}
	return first, nil
}
