// Package sim is a simulated machine: a run.Host in memory that models the tools
// providers and layers use, with faults a test can aim. Providers, layers and
// whole clusters are tested on it, deterministically and at a fraction of the
// cost of real devices.
//
// Invariant: the machine's state outlives the process. A crash of the process
// (satellite) ends every Process made before it; a power loss also takes what is
// volatile on a real machine: loop devices, mounts, whatever a tool family
// registered with OnPowerLoss, and the newest file changes nobody synced.
//
// Locking: the exported methods of Machine take its lock and are for tests. Tools
// and Faults run while the lock is held and must use the unexported ones only. The
// machines of a Network share one lock, so a tool may reach into all of them, and a
// fault must not call any.
//
// A tool family lives in one file (tool_<family>.go), keeps its state in a struct
// of its own, and registers its tools with Machine.Register; block devices go
// through addDevice, removeDevice and lookDevice, and every change of state calls
// changed, so that commands are recorded as changing or probing.
//
// It must not guess: a tool that is called with an option it does not model exits
// with a usage error, so that a wrong command line cannot pass unnoticed.
package sim
