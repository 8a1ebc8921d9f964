package drbd

import "regexp"

var secretWords = regexp.MustCompile(`(shared-secret"?(?:=|:?\s+))("(?:[^"\\\n]|\\.)*"?|(?:\\.|[^\s;,\\])+)`)

// Redact hides shared secrets in what DRBD's tools print: they repeat whole
// command lines when something fails. Whatever of it may reach a log, a report or
// an error has to go through here first.
func Redact(text string) string { return secretWords.ReplaceAllString(text, "${1}…") }
