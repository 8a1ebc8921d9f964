// Package sim_test tortures a whole cluster: the real controller and the real
// satellites on simulated machines, under random commands and random faults. Each
// run is one bubble of simulated time and is derived from one seed.
//
// Every second seed is a replicated world: its resource groups have DRBD, every sixth
// one LUKS below it, and there are partitions between satellites, slow resyncs, failing
// disks and hosts that go down besides. What users write there is kept count of: it must
// be on every good copy in the end, and no node with quorum may offer anything older.
//
// Run more of them with
//
//	go test ./test/sim -run TestSim -count=1 -args -runs=10000
//
// and one of them again with the command that a failure prints. What a run does
// follows from its seed alone; how the goroutines of the program interleave at one
// moment of simulated time does not, so a rare failure may need -repeat.
package sim_test
