package controller

import (
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/placing"
)

// balance looks after the place counts from time to time.
func (c *Controller) balance(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(placing.BalanceInterval(c.eng.World())):
		}
		var done []placing.Balanced
		_, err := c.eng.Do(ctx, "balance", func(tx *model.Tx) error {
			done = placing.Balance(tx)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			c.cfg.Log.Error("balance the place counts", "err", err)
		}
		for _, d := range done {
			c.cfg.Log.Info("balanced", "res", d.Definition, "why", d.Done)
		}
	}
}
