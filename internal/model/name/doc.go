// Package name has the rules of what objects may be called and which numbers they
// may have: names, external names, numbers, ranges, sizes, addresses, layer stacks
// and the mixing of storage providers.
//
// Invariant: everything here is a pure function of its arguments. A refusal names
// the field, the rule that is broken and what would be right. The package must not
// know any object's state.
package name
