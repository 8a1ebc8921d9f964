// Package arch_test holds the rules that the code has to keep as a whole: who may
// import whom, what pure packages must not do, how long files and functions get,
// and that everything exported is explained. ARCHITECTURE.md gives the reasons.
//
// A rule that fails names the place and the way out. An exception is a line in a
// table here, with its reason, so that it is seen in a review.
package arch_test
