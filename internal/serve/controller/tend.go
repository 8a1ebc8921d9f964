package controller

import (
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/auto"
	"github.com/holdfast-storage/holdfast/internal/rules"
)

// How often the controller looks for what is due, and how many such looks lie between
// two at everything that may have found no place before.
const (
	tendEvery  = 10 * time.Second
	retryEvery = 6
)

// tend does from time to time what no report and no call leads to.
func (c *Controller) tend(ctx context.Context) {
	t := time.NewTicker(tendEvery)
	defer t.Stop()
	for round := 1; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		c.tendOnce(ctx, round%retryEvery == 0)
	}
}

// tendOnce looks on a copy first, so that calls need not wait while nothing is due.
func (c *Controller) tendOnce(ctx context.Context, all bool) {
	var done []string
	due := func(tx *model.Tx) error {
		done = auto.Tend(tx)
		if all {
			return rules.Retry(tx)
		}
		return nil
	}
	tx, err := c.eng.Preview("tend", due)
	if err == nil && !tx.Durable() {
		return
	}
	if err == nil {
		_, err = c.eng.Do(ctx, "tend", due)
	}
	if err != nil && ctx.Err() == nil {
		c.cfg.Log.Error("do what is due", "err", err)
		return
	}
	for _, what := range done {
		c.cfg.Log.Info("done automatically", "what", what)
	}
}
