// Package model is the cluster's state as plain values, and the one way to change
// it: World is an immutable snapshot that readers use without locks, Tx is a
// private copy on which one change is worked out before it is committed.
//
// Objects have two halves with one writer each. The specification (what is
// wanted) is durable and changes only by API commands and rules; the status (what
// satellites report) is volatile and comes only from reports.
//
// Invariant: an object that is reachable from a World is never modified; a change
// puts a new value in its place. The package does no I/O, reads no clock and makes
// no random values: Tx brings them.
package model
