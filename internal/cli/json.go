package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf16"
)

// PrintJSON writes a value as indented JSON in ASCII, keeping the order of keys in
// raw parts.
func (c *Call) PrintJSON(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	text, err = asciiJSON(text)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		return fmt.Errorf("indent answer: %w", err)
	}
	c.Printf("%s\n", b.String())
	return nil
}

// PrintJSONLine writes a value as JSON in one line with a blank after : and ,.
func (c *Call) PrintJSONLine(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	if text, err = asciiJSON(text); err != nil {
		return err
	}
	var b bytes.Buffer
	inside := false
	for i, ch := range text {
		b.WriteByte(ch)
		if ch == '"' && (i == 0 || text[i-1] != '\\' || evenBackslashes(text[:i])) {
			inside = !inside
		}
		if !inside && (ch == ':' || ch == ',') {
			b.WriteByte(' ')
		}
	}
	c.Printf("%s\n", b.String())
	return nil
}

func evenBackslashes(b []byte) bool {
	n := 0
	for n < len(b) && b[len(b)-1-n] == '\\' {
		n++
	}
	return n%2 == 0
}

// asciiJSON writes the strings of a JSON text in their plainest form with all that
// is not ASCII escaped, as scripts know it from the linstor client.
func asciiJSON(text []byte) ([]byte, error) {
	var out []byte
	for i := 0; i < len(text); {
		if text[i] != '"' {
			out = append(out, text[i])
			i++
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		var s string
		if err := json.Unmarshal(text[i:min(end+1, len(text))], &s); err != nil {
			return nil, fmt.Errorf("string in answer: %w", err)
		}
		out = appendString(out, s)
		i = end + 1
	}
	return out, nil
}

func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\b':
			out = append(out, `\b`...)
		case r == '\f':
			out = append(out, `\f`...)
		case r >= ' ' && r <= '~':
			out = append(out, byte(r))
		case r > 0xFFFF:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return append(out, '"')
}
