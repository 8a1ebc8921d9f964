package controller

import (
	"context"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/encryption"
)

// unlock enters the passphrase of the configuration. One that does not fit is like a
// user's wrong one: everything but encrypted volumes works.
func (c *Controller) unlock(ctx context.Context) {
	if c.cfg.MasterPassphrase == "" {
		return
	}
	_, err := c.eng.Do(ctx, "passphrase of the configuration", func(tx *model.Tx) error {
		return encryption.Start(tx, c.cfg.MasterPassphrase)
	})
	if err != nil {
		c.cfg.Log.Error("the configured master passphrase was not accepted; encrypted volumes stay locked until 'encryption enter-passphrase'", "err", err)
		return
	}
	c.cfg.Log.Info("the master passphrase of the configuration was entered")
}
