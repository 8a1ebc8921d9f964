// Package drbd is the DRBD 9 layer of a node: it writes resource files, computes
// metadata sizes and generation identifiers, reads what DRBD's tools report, plans
// the steps from the observed to the wanted state, and decides about quorum and
// tiebreakers. Layer joins that to the satellite: it looks at the machine through
// run.Host; all else is pure, and steps are executed by the caller.
//
// Invariants:
//   - The same input always gives the same output, byte for byte.
//   - Metadata is created only with a grant, and only where neither metadata nor
//     another signature was found; present metadata is replaced only if the grant
//     names its identity. What is unknown is an error, never a guess.
//   - A resource file that lists a disk was written after the metadata of that disk
//     was complete; so the file is the proof that the metadata was once made here.
//   - A role is never changed, and a device in use is never taken away.
//   - The shared secret is in the resource file alone: never in a step's words, in
//     a warning or in an error. See Redact for what DRBD's tools print themselves.
package drbd
