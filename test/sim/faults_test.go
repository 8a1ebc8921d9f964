package sim_test

import (
	"errors"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/internal/store/mem"
)

// trial is a fault with how often it comes.
type trial struct {
	weight int
	name   string
	strike func()
}

// randomFault lets something go wrong.
func (s *simulation) randomFault() {
	faults := []trial{
		{6, "controller killed", s.killController}, {2, "controller restarted", s.restartController},
		{3, "takeover", s.takeover}, {5, "failing write", s.failingWrite}, {2, "slow database", s.slowStore},
		{6, "satellite killed", s.killSatellite}, {4, "satellite killed at a step", s.killAtStep}, {3, "power loss", s.powerLoss},
		{6, "failing commands", s.failingCommands}, {4, "partition", s.partition}, {6, "bad network", s.badNetwork},
		{3, "stale message", func() { s.wires.replay(s.rnd.IntN) }}, {2, "full pool", s.fullPool},
		{2, "node lost", s.nodeLost}, {2, "all well", s.calm},
	}
	if s.replicated {
		faults = append(faults, s.replicatedFaults()...)
	}
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	n := s.rnd.IntN(total)
	for _, f := range faults {
		if n -= f.weight; n < 0 {
			s.counts.inc("faults", 1)
			s.counts.inc(f.name, 1)
			s.journal.note("fault: %s", f.name)
			f.strike()
			return
		}
	}
}

// killController ends the controller at once, without giving the lease back.
func (s *simulation) killController() {
	s.counts.inc("crashes", 1)
	s.gate.kill()
	s.c.StopController()
	s.pass(s.rnd.IntN(4000))
	s.startController()
}

func (s *simulation) restartController() {
	s.c.StopController()
	s.startController()
}

func (s *simulation) startController() {
	s.c.StartController()
	s.journal.note("the controller runs")
	if s.encrypted && s.rnd.IntN(3) > 0 {
		s.call(s.enterPassphrase())
	}
}

// takeover lets the controller lose its database for so long that another one takes
// over, and then find it again.
func (s *simulation) takeover() {
	s.endZombie()
	s.zombieGate = s.gate
	s.zombieGate.setAway(true)
	s.zombie = s.c.Release()
	s.startController()
	s.pass(s.rnd.IntN(3000))
	s.zombieGate.setAway(false)
	status, data := s.zombie.Call("PUT", "/v1/key-value-store/zombie?wait=1s", map[string]any{"override_props": map[string]string{"a": "b"}})
	if status < 400 {
		s.fail("a controller that was replaced acknowledged a change: %d %s", status, data)
	}
	s.journal.note("the old controller answers %d", status)
	if s.rnd.IntN(2) == 0 {
		s.endZombie()
	}
}

func (s *simulation) endZombie() {
	if s.zombie != nil {
		s.zombieGate.kill()
		s.zombie.Stop()
		s.zombie = nil
	}
}

func (s *simulation) failingWrite() {
	s.c.Disk().Inject([]mem.Fault{
		{Err: store.ErrUnknownOutcome, Written: true}, {Err: store.ErrUnknownOutcome}, {Err: store.ErrFull}, {Err: errors.New("input/output error")},
	}[s.rnd.IntN(4)])
}

func (s *simulation) slowStore() {
	s.storeDelay.Store(int64(time.Duration(s.rnd.IntN(2000)) * time.Millisecond))
}

func (s *simulation) machine() *machine { return s.machines[s.node()] }

// restart starts a satellite again that was stopped or has crashed.
func (s *simulation) restart(m *machine) {
	m.Stop()
	s.wires.forget(m.Name)
	m.Start(s.log)
	s.journal.note("satellite %s starts", m.Name)
}

func (s *simulation) killSatellite() {
	m := s.machine()
	s.counts.inc("crashes", 1)
	s.journal.note("satellite %s is killed", m.Name)
	m.Stop()
	if s.rnd.IntN(2) == 0 {
		s.pass(s.rnd.IntN(8000))
	}
	s.restart(m)
}

func (s *simulation) killAtStep() {
	m := s.machine()
	f := sim.Fault{Kind: sim.Crash}
	if s.rnd.IntN(3) == 0 {
		f = sim.Fault{Kind: sim.Power, Lost: s.rnd.IntN(4) - 1}
	}
	n := s.rnd.IntN(8)
	s.journal.note("machine %s: fault %+v after %d changes", m.Name, f, n)
	m.Machine.SetFaults(sim.AfterChange(n, f))
}

func (s *simulation) powerLoss() {
	m := s.machine()
	s.counts.inc("crashes", 1)
	s.journal.note("machine %s loses power", m.Name)
	m.Machine.PowerLoss(s.rnd.IntN(4) - 1)
	s.pass(s.rnd.IntN(5000))
	s.restart(m)
}

func (s *simulation) failingCommands() {
	m := s.machine()
	rates := sim.Rates{Fail: .04, Full: .02, Hang: .03, Half: .04, Crash: .02, Power: .01}
	s.journal.note("machine %s: commands fail at random", m.Name)
	m.Machine.SetFaults(sim.Seeded(s.rnd.Uint64(), rates))
}

func (s *simulation) partition() {
	m := s.machine()
	m.cut = !m.cut
	s.journal.note("machine %s cut off: %v", m.Name, m.cut)
	m.Cut(m.cut)
}

func (s *simulation) badNetwork() {
	p := func() float64 { return s.rnd.Float64() * .3 * float64(s.rnd.IntN(2)) }
	t := trouble{request: p(), reply: p(), twice: p(), late: p(), again: 2 * p(), silence: p()}
	s.journal.note("link: trouble %+v", t)
	s.wires.set(t)
}

// fullPool fills a file pool, or makes room again.
func (s *simulation) fullPool() {
	m := s.machine()
	_, full := m.filled["/pool"]
	if m.fill("/pool", !full) {
		s.journal.note("machine %s: pool full: %v", m.Name, !full)
	}
}

// nodeLost gives up a node that is cut off or dead.
func (s *simulation) nodeLost() {
	m := s.machine()
	m.cut = true
	m.Cut(true)
	s.pass(1000)
	s.call(s.nodeGone(m.Name, "/lost"))
	if s.replicated {
		s.reinstall(m)
	}
	if s.rnd.IntN(2) == 0 {
		m.cut = false
		m.Cut(false)
		s.call(s.nodeNamed(m.Name))
		for i := range m.pools {
			s.call(s.poolOn(m, i))
		}
	}
}

// calm ends all troubles that last.
func (s *simulation) calm() {
	s.storeDelay.Store(0)
	if s.c.Network != nil {
		s.c.Network.HealAll()
		s.c.Network.HoldResync(false)
	}
	s.wires.set(trouble{})
	for _, n := range sorted(s.machines) {
		m := s.machines[n]
		m.Machine.SetFaults(nil)
		m.cut = false
		m.Cut(false)
		if m.Dead() {
			s.restart(m)
		}
	}
}

// pass lets time go by.
func (s *simulation) pass(millis int) {
	time.Sleep(time.Duration(millis) * time.Millisecond)
	synctest.Wait()
}
