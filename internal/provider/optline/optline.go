// Package optline reads the free-form tool options that users keep in properties
// (StorDriver/LvcreateOptions and the like) into words for a command line.
//
// Invariant: words never reach a shell, so quotes only group and nothing is
// expanded. The package must not know what an option means to any tool.
package optline

import (
	"fmt"
	"strings"
)

// Words splits a line at blanks. Single quotes, double quotes and backslashes
// group as in a shell; variables and patterns stay as they are.
func Words(line string) ([]string, error) {
	if i := strings.IndexAny(line, "\x00\n\r"); i >= 0 {
		return nil, fmt.Errorf("character %d is a line break or NUL", i+1)
	}
	var words []string
	var cur strings.Builder
	inWord := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t':
			if inWord {
				words = append(words, cur.String())
				cur.Reset()
				inWord = false
			}
		case '\'', '"':
			end := closing(line, i)
			if end < 0 {
				return nil, fmt.Errorf("the quote at character %d is not closed", i+1)
			}
			unescape(&cur, line[i+1:end], c)
			inWord = true
			i = end
		case '\\':
			if i++; i == len(line) {
				return nil, fmt.Errorf("the line ends with a backslash")
			}
			cur.WriteByte(line[i])
			inWord = true
		default:
			cur.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, cur.String())
	}
	return words, nil
}

func closing(line string, start int) int {
	quote := line[start]
	for i := start + 1; i < len(line); i++ {
		if quote == '"' && line[i] == '\\' {
			i++
			continue
		}
		if line[i] == quote {
			return i
		}
	}
	return -1
}

func unescape(b *strings.Builder, s string, quote byte) {
	for i := 0; i < len(s); i++ {
		if quote == '"' && s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
}

// Find returns the first word that gives one of the options: "-x" (also with its
// value attached, "-xVALUE") or "--long" (also abbreviated or with "=value", as
// getopt takes them); "" where there is none.
func Find(words []string, options ...string) string {
	for _, w := range words {
		for _, o := range options {
			if gives(w, o) {
				return w
			}
		}
	}
	return ""
}

func gives(word, option string) bool {
	if !strings.HasPrefix(option, "--") {
		return strings.HasPrefix(word, option) && !strings.HasPrefix(word, "--")
	}
	name, _, _ := strings.Cut(word, "=")
	return len(name) > 3 && strings.HasPrefix(option, name)
}
