package sim_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
	"github.com/holdfast-storage/holdfast/internal/sim"
	"github.com/holdfast-storage/holdfast/internal/store"
	"github.com/holdfast-storage/holdfast/test/cluster"
)

// simulation is one run.
type simulation struct {
	seed     uint64
	rnd      *rand.Rand
	log      *slog.Logger
	c        *cluster.Cluster
	machines map[string]*machine
	journal  *journal
	ledger   *ledger
	watcher  *watcher
	wires    *wires
	counts   *counts
	patience string
	hostTime time.Duration
	// replicated worlds have DRBD; encrypted ones LUKS below it too.
	replicated, encrypted bool
	// exact worlds have all kinds of pools, and DRBD's devices are of the exact size.
	exact bool
	data  *data
	// marks are the words that were written into volumes, by the volume's UUID.
	marks map[string]string

	gate       *gate
	zombie     *cluster.Running
	zombieGate *gate
	storeDelay atomic.Int64
	callID     atomic.Int64
	inFlight   sync.WaitGroup

	mu    sync.Mutex
	wrong []string
}

type failNow struct{ s *simulation }

func (failNow) Helper() {}

func (f failNow) Fatalf(format string, args ...any) {
	f.s.fail(format, args...)
	fmt.Fprintln(os.Stderr, f.s.story())
	panic(fmt.Sprintf(format, args...))
}

func newSimulation(seed uint64) *simulation {
	s := &simulation{seed: seed, rnd: rand.New(rand.NewPCG(seed, 1)), machines: map[string]*machine{},
		journal: &journal{began: time.Now()}, ledger: newLedger(), counts: &counts{}, marks: map[string]string{}}
	if *logged {
		s.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	} else {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.watcher, s.wires = newWatcher(s), newWires(s, newDice(seed, 2))
	s.exact = seed%4 == 0
	s.replicated, s.encrypted, s.data = *drbdToo && seed%2 == 0, *drbdToo && seed%6 == 0, newData(s)
	s.patience = []string{"0s", "2s", "30s"}[s.rnd.IntN(3)]
	s.hostTime = []time.Duration{0, 10 * time.Millisecond, time.Second}[s.rnd.IntN(3)]
	return s
}

func (s *simulation) run() {
	s.counts.inc("runs", 1)
	// What a satellite was asking its host when it was stopped ends within a minute.
	defer time.Sleep(2 * time.Minute)
	s.build()
	defer s.c.Close()
	defer s.endZombie()
	n := *steps
	if n == 0 {
		n = 8 + s.rnd.IntN(16)
	}
	for range n {
		s.step()
		s.look(false)
		if s.failed() {
			break
		}
	}
	s.settle()
}

func (s *simulation) build() {
	s.c = cluster.New(failNow{s}, s.log)
	s.c.Rescan = time.Minute
	s.c.Wire = s.wires.wrap
	slow := newDice(s.seed, 3)
	s.c.Host = func(_ *cluster.Node, h run.Host) run.Host {
		return &slowHost{Host: h, dice: slow, most: s.hostTime, calm: calm{s: s}}
	}
	s.c.UseStore(func() store.Store {
		s.gate = newGate(s.c.Disk().Open(), func() time.Duration { return slow.upTo(time.Duration(s.storeDelay.Load())) })
		return s.gate
	})
	s.c.Started = s.watcher.started
	if s.replicated {
		s.c.Network = sim.NewNetwork()
	}
	for i := range 3 + s.rnd.IntN(3) {
		name := fmt.Sprintf("n%d", i+1)
		s.machines[name] = s.addMachine(name)
	}
	s.c.StartController()
	if s.encrypted {
		s.call(op{method: "POST", path: passphrasePath, body: v1.PassPhraseCreate{NewPassphrase: passphrase}})
	}
	for _, g := range s.groups() {
		s.call(op{method: "POST", path: "/v1/resource-groups", body: g})
	}
	for _, n := range sorted(s.machines) {
		s.call(s.nodeNamed(n))
		for i := range s.machines[n].pools {
			s.call(s.poolOn(s.machines[n], i))
		}
	}
	for range 1 + s.rnd.IntN(names) {
		s.call(s.spawn())
	}
	s.write()
}

// step is a command, a fault or both at the same time.
func (s *simulation) step() {
	switch n := s.rnd.IntN(10); {
	case n == 0 && s.replicated:
		s.changeMind()
	case n < 3:
		s.call(s.randomOp())
	case n < 6:
		for range 1 + s.rnd.IntN(3) {
			s.background(s.randomOp())
		}
		s.pass(s.rnd.IntN(2000))
	case n < 8:
		s.background(s.randomOp())
		s.pass(s.rnd.IntN(1500))
		s.randomFault()
	case n == 8:
		s.randomFault()
	default:
		s.pass(s.rnd.IntN(20000))
		s.write()
	}
	if s.rnd.IntN(3) == 0 {
		s.write()
	}
	if s.replicated && s.rnd.IntN(2) == 0 {
		s.data.write()
	}
	if s.rnd.IntN(4) == 0 {
		s.data.release()
	}
	for _, n := range sorted(s.machines) {
		if m := s.machines[n]; m.Dead() && s.rnd.IntN(2) == 0 {
			s.restart(m)
		}
	}
}

// groups are the resource groups of the world; the first one is "grp".
func (s *simulation) groups() []v1.ResourceGroup {
	var props map[string]string
	if s.exact {
		props = map[string]string{"DrbdOptions/ExactSize": "True"}
	}
	group := func(name string, stack ...string) v1.ResourceGroup {
		return v1.ResourceGroup{Name: name, Props: props, SelectFilter: &v1.AutoSelectFilter{PlaceCount: flex(2), LayerStack: stack}}
	}
	switch {
	case s.encrypted:
		return []v1.ResourceGroup{group("grp", "drbd", "luks", "storage"), group("other", "drbd", "storage")}
	case s.replicated:
		return []v1.ResourceGroup{group("grp", "drbd", "storage"), group("other", "storage")}
	}
	return []v1.ResourceGroup{group("grp", "storage")}
}

func (s *simulation) background(o op) { s.inFlight.Go(func() { s.call(o) }) }

// settle ends all faults and waits until the cluster is as it shall be.
func (s *simulation) settle() {
	s.journal.note("all faults end")
	s.calm()
	s.data.release()
	for _, n := range sorted(s.machines) {
		s.machines[n].fill("/pool", false)
	}
	how := s.rnd.IntN(4)
	if how&1 != 0 {
		s.restartController()
	}
	if how&2 != 0 {
		for _, n := range sorted(s.machines) {
			s.restart(s.machines[n])
		}
	}
	s.inFlight.Wait()
	s.unlock()
	// Without a restart the longest pause between two tries of a satellite is ten
	// minutes, but it looks again every minute.
	var left []string
	for i := range 300 {
		if i%20 == 0 {
			s.mend()
		}
		if i == 100 || i == 200 {
			s.goOn()
			s.giveUp()
		}
		s.pass(1000)
		if left = s.unsettled(); len(left) == 0 || s.failed() {
			break
		}
	}
	for _, l := range left {
		s.fail("does not settle: %s", l)
	}
	s.look(true)
	if s.failed() && s.replicated {
		s.noteReplicas()
	}
}

// look checks what must hold at any time, or with final at the end.
func (s *simulation) look(final bool) {
	for _, n := range sorted(s.machines) {
		for _, d := range s.machines[n].Machine.Disturbed() {
			s.fail("machine %s: somebody else's %s", n, d)
		}
	}
	if !final {
		return
	}
	s.checkWorld()
	s.checkReplicas()
	for _, n := range sorted(s.machines) {
		s.checkMachine(s.machines[n])
	}
	synctest.Wait()
	s.ledger.check(s.c.World(), true, func(format string, args ...any) {
		if line := fmt.Sprintf(format, args...); !s.excusedKey(line) {
			s.fail("%s", line)
		}
	})
}

// excusedKey tells whether a deletion cannot be through because somebody else's
// volume is in its place.
func (s *simulation) excusedKey(line string) bool {
	if !strings.Contains(line, "deleting: true") {
		return false
	}
	for r := range s.c.World().Resources.All {
		if r.Deleting != nil && s.obstructed(r) && strings.Contains(line, strings.ToUpper(r.Definition)) {
			return true
		}
	}
	return false
}
