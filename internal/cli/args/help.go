package args

import (
	"fmt"
	"strings"
)

const (
	defaultWidth = 80
	helpColumn   = 24
)

// Usage is the usage text with a final newline, wrapped at the width (0 is 80).
func (s *Spec) Usage(width int) string {
	if width <= 0 {
		width = defaultWidth
	}
	prefix := "usage: " + s.Prog
	parts := []string{"[-h]"}
	for _, a := range s.options() {
		if !a.Hidden {
			parts = append(parts, usageOption(a))
		}
	}
	for _, a := range s.positionals() {
		parts = append(parts, usagePositional(a))
	}
	var b strings.Builder
	line := prefix
	indent := strings.Repeat(" ", min(len(prefix), width/2))
	for _, part := range parts {
		if len(line)+1+len(part) > width-2 && strings.TrimSpace(line) != "" && line != prefix {
			b.WriteString(line + "\n")
			line = indent
		}
		line += " " + part
	}
	b.WriteString(line + "\n")
	return b.String()
}

func usageOption(a *Arg) string {
	text := a.Names[0]
	if v := valueText(a); v != "" {
		text += " " + v
	}
	if a.Required {
		return text
	}
	return "[" + text + "]"
}

// valueText shows the values that an option takes.
func valueText(a *Arg) string {
	meta := a.Meta
	if len(a.Choices) > 0 {
		meta = "{" + strings.Join(a.Choices, ",") + "}"
	}
	switch a.Arity {
	case Flag:
		return ""
	case Optional:
		return "[" + meta + "]"
	case ZeroOrMore:
		return "[" + meta + " ...]"
	case OneOrMore:
		return meta + " [" + meta + " ...]"
	default:
		return meta
	}
}

func usagePositional(a *Arg) string {
	meta := a.Meta
	if len(a.Choices) > 0 {
		meta = "{" + strings.Join(a.Choices, ",") + "}"
	}
	switch a.Arity {
	case Optional:
		return "[" + meta + "]"
	case ZeroOrMore:
		return "[" + meta + " ...]"
	case OneOrMore:
		return meta + " [" + meta + " ...]"
	default:
		return meta
	}
}

// Help is the full help text.
func (s *Spec) Help(width int) string {
	if width <= 0 {
		width = defaultWidth
	}
	var b strings.Builder
	b.WriteString(s.Usage(width))
	if s.Description != "" {
		b.WriteString("\n" + Wrap(s.Description, width-2, "") + "\n")
	}
	if pos := s.positionals(); len(pos) > 0 {
		b.WriteString("\npositional arguments:\n")
		for _, a := range pos {
			b.WriteString(helpEntry(a.Meta, helpText(a), width))
		}
	}
	b.WriteString("\noptions:\n")
	b.WriteString(helpEntry("-h, --help", "show this help message and exit", width))
	for _, a := range s.options() {
		if a.Hidden {
			continue
		}
		names := make([]string, len(a.Names))
		for i, n := range a.Names {
			names[i] = strings.TrimSpace(n + " " + valueText(a))
		}
		b.WriteString(helpEntry(strings.Join(names, ", "), helpText(a), width))
	}
	if s.Epilog != "" {
		b.WriteString("\n" + s.Epilog + "\n")
	}
	return b.String()
}

func helpText(a *Arg) string {
	text := a.Help
	if a.min != nil {
		text = strings.TrimSpace(fmt.Sprintf("%s (%d to %d)", text, *a.min, *a.max))
	}
	if a.Default != "" {
		text = strings.TrimSpace(text + " (default: " + a.Default + ")")
	}
	return text
}

func helpEntry(left, right string, width int) string {
	left = "  " + left
	if right == "" {
		return left + "\n"
	}
	indent := strings.Repeat(" ", helpColumn)
	wrapped := Wrap(right, width-2, indent)
	if len(left) <= helpColumn-2 {
		return left + indent[len(left):] + strings.TrimPrefix(wrapped, indent) + "\n"
	}
	return left + "\n" + wrapped + "\n"
}

// Wrap breaks text at blanks so that no line is longer than the width, if a word
// fits at all; each line gets the indent.
func Wrap(text string, width int, indent string) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(indent)+len(line)+1+len(word) > width:
			lines = append(lines, indent+line)
			line = word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, indent+line), "\n")
}
