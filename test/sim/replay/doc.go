// Package replay runs the simulation so that its seed decides everything: as a
// WebAssembly program with one thread, where the order of goroutines and of maps
// comes from the seed, too. What fails once fails again. It is left out under the
// race detector, which has nothing to see in one thread; test/sim itself runs there.
package replay
