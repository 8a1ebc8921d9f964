// Package lab runs the scenarios of package scenario on the machines of package
// vm, as a Go test with the build tag lab: make lab.
//
// Invariant: without the tag it holds nothing that runs, so go test ./... starts
// no machine; with it, a host that cannot run the lab is a failure, never a skip.
package lab
