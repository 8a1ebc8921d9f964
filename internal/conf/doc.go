// Package conf reads the settings of the two daemons. The sources are, each
// stronger than the one before: built-in defaults, environment, TOML file, command
// line; the order, the file names and most keys are those LINSTOR users have.
//
// Invariant: every value remembers where it came from, and nothing that the user
// wrote is passed over in silence: an unknown key is an error, and a known one
// that has no effect in this version is a warning.
//
// The package reads files and checks values. It must not open what the values
// name (certificates, databases, ports); that is for those who use them.
package conf
