package controller

import (
	"context"
	"time"

	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/object/doctoring"
	"github.com/holdfast-storage/holdfast/internal/rest"
)

// Times of the doctor: how often it looks, and how long it waits before it tries once
// more to heal a resource; the wait doubles with each try up to the limit.
const (
	doctorEvery = 10 * time.Second
	healAgain   = 20 * time.Second
	healLimit   = time.Hour
)

// healing remembers what was tried for a resource.
type healing struct {
	next time.Time
	wait time.Duration
}

// doctor joins nodes again that DRBD has cut off from each other, where nothing can
// get lost, and takes back orders that have come to nothing.
func (c *Controller) doctor(ctx context.Context) {
	tried := map[string]healing{}
	tick := time.NewTicker(doctorEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			c.lapseRejoins(ctx, now)
			c.heal(ctx, now, tried)
		}
	}
}

func (c *Controller) lapseRejoins(ctx context.Context, now time.Time) {
	late := doctoring.Lapsed(c.eng.World(), now)
	if len(late) == 0 {
		return
	}
	_, err := c.eng.Do(ctx, "doctor", func(tx *model.Tx) error {
		for _, r := range late {
			doctoring.Lapse(tx, r.Definition, r.Node)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		c.cfg.Log.Error("take back orders to connect again", "err", err)
	}
}

func (c *Controller) heal(ctx context.Context, now time.Time, tried map[string]healing) {
	w := c.eng.World()
	ailing := map[string]bool{}
	for _, d := range doctoring.Ailing(w) {
		ailing[d.Name] = true
		t, again := tried[d.Name]
		if again && now.Before(t.next) {
			continue
		}
		found := rest.Diagnose(ctx, c.links, w, d)
		if ctx.Err() != nil {
			return
		}
		t.next = now.Add(max(t.wait, healAgain))
		if len(found.SafeActions) == 0 {
			tried[d.Name] = t
			continue
		}
		t.wait = min(max(2*t.wait, healAgain), healLimit)
		t.next = now.Add(t.wait)
		tried[d.Name] = t
		if _, err := c.eng.Do(ctx, "doctor", func(tx *model.Tx) error {
			doctoring.Heal(tx, d, found)
			return nil
		}); err != nil {
			if ctx.Err() == nil {
				c.cfg.Log.Error("order what heals a resource", "res", d.Name, "err", err)
			}
			continue
		}
		for _, a := range found.SafeActions {
			c.cfg.Log.Info("the doctor heals", "action", a.Kind, "res", d.Name, "node", a.Node, "peer", a.Peer, "why", a.Why)
		}
	}
	for name, t := range tried {
		// A resource that was whole for as long as the wait begins anew.
		if !ailing[name] && now.After(t.next.Add(t.wait)) {
			delete(tried, name)
		}
	}
}
