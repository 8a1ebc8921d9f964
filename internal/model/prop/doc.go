// Package prop knows every property that objects may have: its key, the objects it
// can be set on, the rule for its value, its default and what it does. It checks
// changes of properties and finds out which object's value counts.
//
// One row in a table is all that a property needs: checks, suggestions and the
// properties/info calls derive from it.
//
// Invariant: everything is a pure function. A change of properties is applied as a
// whole or not at all, and a refusal names the key, the cause and the correction;
// it never shows the value of a secret.
package prop
