// Package vm is a laboratory of three virtual machines on one host: real kernels
// with real LVM, device mapper, LUKS and NVMe, whose power and network can be
// cut. It builds the machines' image from Debian packages, keeps their warm state
// so that a run starts in seconds, and runs commands in them through a small agent.
//
// Invariant: everything it starts lives in one network namespace and one run
// folder, both named after the cache folder, and ends with Close; what a killed
// run has left is found by these names and removed by the next one. No packet of
// a machine leaves the namespace.
//
// It must not touch a process, file or interface it did not make, and must not
// quietly do less than asked: a host that cannot run machines is an error that
// says what to install.
package vm
