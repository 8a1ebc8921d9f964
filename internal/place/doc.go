// Package place decides where replicas go. Given the nodes, the storage pools, what
// is deployed and what is wanted, it picks the pools with the highest sum of scores
// that obey every constraint, and says for every pool why it was or was not taken.
// The same rules tell how large a volume may be and which surplus replica to remove.
//
// Invariant: the answer depends on the arguments only, not on their order, and a
// placement that it returns never breaks a constraint. It never claims that there is
// no placement unless that was proved (see search.go and fallback.go).
//
// It must not do I/O, read the clock, draw random numbers or start goroutines, and it
// changes none of its arguments.
package place
