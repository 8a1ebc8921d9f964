// Package script runs the real programs as a user would: scripts in testdata start
// the built controller, talk to it with the built command line over real TCP, and
// kill and restart what they like. Only the machines that the satellites drive are
// simulated.
//
// Invariant: a script leaves no process behind and never waits for time to pass; it
// waits for what it expects to see, with a limit.
package script
