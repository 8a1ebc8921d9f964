package sat_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/internal/agent"
	"github.com/holdfast-storage/holdfast/internal/link"
	"github.com/holdfast-storage/holdfast/internal/link/sat"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

// disk is what outlives a satellite's process.
type disk struct {
	fence wire.Fence
	full  bool
	now   time.Time
}

func (d *disk) start() *sat.Service {
	log := slog.New(slog.DiscardHandler)
	return sat.New(sat.Config{Log: log, Now: func() time.Time { return d.now },
		Agent:   agent.New(agent.Config{Host: sim.NewMachine("n1"), Log: log}),
		Support: func(context.Context) wire.Welcome { return wire.Welcome{} },
		Known:   d.fence,
		Admitted: func(f wire.Fence) error {
			if d.full {
				return errors.New("no space left on device")
			}
			d.fence = f
			return nil
		}})
}

func hello(s *sat.Service, f wire.Fence) error {
	_, err := s.Hello(context.Background(), wire.Hello{Fence: f, Version: wire.Version, MinVersion: wire.MinVersion, Node: "n1"})
	return err
}

// TestADeposedControllerStaysOutAfterARestart is about a satellite that is restarted
// between the reign of one controller and a late message of the one before.
func TestADeposedControllerStaysOutAfterARestart(t *testing.T) {
	old := wire.Fence{Cluster: "c", Controller: "a", Epoch: 1}
	now := wire.Fence{Cluster: "c", Controller: "b", Epoch: 2}
	d := &disk{now: time.Unix(1000, 0)}
	s := d.start()
	for _, f := range []wire.Fence{old, now} {
		if err := hello(s, f); err != nil {
			t.Fatalf("epoch %d: %v", f.Epoch, err)
		}
	}
	s = d.start()
	var refused *link.Refused
	if err := hello(s, old); !errors.As(err, &refused) || refused.State != string(model.ConnOtherController) {
		t.Errorf("the deposed controller got %v", err)
	}
	if err := s.Ping(context.Background(), old); err == nil {
		t.Error("a late message of the deposed controller was taken")
	}
	if err := s.Ping(context.Background(), now); err != nil {
		t.Errorf("the leader is refused: %v", err)
	}
	// A host that is given to another cluster is let go, but not by a restart alone.
	s = d.start()
	other := wire.Fence{Cluster: "other", Controller: "x", Epoch: 1}
	if err := hello(s, other); err == nil {
		t.Error("another cluster got in before the satellite's own controller could come back")
	}
	d.now = d.now.Add(time.Minute)
	if err := hello(s, other); err != nil {
		t.Errorf("another cluster's controller after a minute of silence: %v", err)
	}
}

func TestWhoCannotBeNotedIsNotAdmitted(t *testing.T) {
	d := &disk{full: true, now: time.Unix(1000, 0)}
	s := d.start()
	if err := hello(s, wire.Fence{Cluster: "c", Controller: "a", Epoch: 1}); err == nil {
		t.Fatal("a controller was let in that a restart would forget")
	}
	d.full = false
	if err := hello(s, wire.Fence{Cluster: "c", Controller: "a", Epoch: 1}); err != nil {
		t.Fatal(err)
	}
}
