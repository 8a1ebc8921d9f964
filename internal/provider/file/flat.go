package file

import "bytes"

// flatObject reads a JSON object whose values are plain strings, numbers, booleans or
// null, and calls field with each key and value; rest is what follows it. A scan reads
// such an object for every volume of the node, mostly just to see that nothing has
// changed. ok is false for everything that is not as plain, which is left to
// encoding/json: so this decides nothing about what is valid.
func flatObject(data []byte, field func(key, value []byte, quoted bool) bool) (rest []byte, ok bool) {
	if data, ok = token(data, '{'); !ok {
		return nil, false
	}
	for {
		var key, value []byte
		if key, data, ok = plainString(data); !ok {
			return nil, false
		}
		if data, ok = token(data, ':'); !ok {
			return nil, false
		}
		value, after, quoted := plainString(data)
		if !quoted {
			value, after = literal(data)
		}
		if len(value) == 0 && !quoted || !field(key, value, quoted) {
			return nil, false
		}
		if data, ok = token(after, ','); ok {
			continue
		}
		return token(after, '}')
	}
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// token skips blanks and one character.
func token(data []byte, c byte) (rest []byte, ok bool) {
	for len(data) > 0 && blank(data[0]) {
		data = data[1:]
	}
	if len(data) == 0 || data[0] != c {
		return data, false
	}
	return data[1:], true
}

// plainString reads a string of printable ASCII without escapes.
func plainString(data []byte) (text, rest []byte, ok bool) {
	if rest, ok = token(data, '"'); !ok {
		return nil, nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil, nil, false
	}
	text = rest[:end]
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, nil, false
		}
	}
	return text, rest[end+1:], true
}

// literal reads a number of digits alone, true, false or null; nothing else is one.
func literal(data []byte) (text, rest []byte) {
	data = bytes.TrimLeft(data, " \t\r\n")
	n := 0
	for n < len(data) && (data[n] >= '0' && data[n] <= '9' || data[n] >= 'a' && data[n] <= 'z') {
		n++
	}
	text = data[:n]
	switch string(text) {
	case "true", "false", "null", "0":
		return text, data[n:]
	}
	for i, c := range text {
		if c > '9' || i == 0 && c == '0' {
			return nil, nil
		}
	}
	return text, data[n:]
}
