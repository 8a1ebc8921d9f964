package file

// row reads what the parsers of this package mostly meet: JSON objects in the form in
// which losetup prints them and in which sidecars are written. It reads less than JSON,
// for a satellite looks at all volumes each time that it has changed one; what it does not
// know is left to encoding/json, which has the last word also about what is wrong.
type row struct {
	text []byte
	at   int
}

func (r *row) blanks() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next takes a mark, with the blanks before it.
func (r *row) next(mark byte) bool {
	r.blanks()
	if r.at >= len(r.text) || r.text[r.at] != mark {
		return false
	}
	r.at++
	return true
}

// end tells that nothing follows.
func (r *row) end() bool {
	r.blanks()
	return r.at == len(r.text)
}

// quoted takes a string, and answers it with its quotes. It knows no escapes and nothing
// but ASCII.
func (r *row) quoted() ([]byte, bool) {
	if !r.next('"') {
		return nil, false
	}
	for start := r.at - 1; r.at < len(r.text); r.at++ {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return r.text[start:r.at], true
		case c < ' ' || c > '~' || c == '\\':
			return nil, false
		}
	}
	return nil, false
}

// value takes a string, a plain number without a sign, true, false or null, as it is
// written.
func (r *row) value() ([]byte, bool) {
	r.blanks()
	if r.at < len(r.text) && r.text[r.at] == '"' {
		return r.quoted()
	}
	start := r.at
	for r.at < len(r.text) && ('0' <= r.text[r.at] && r.text[r.at] <= '9' || 'a' <= r.text[r.at] && r.text[r.at] <= 'z') {
		r.at++
	}
	word := r.text[start:r.at]
	switch string(word) {
	case "true", "false", "null":
		return word, true
	}
	return word, plainNumber(word)
}

func plainNumber(word []byte) bool {
	for _, c := range word {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(word) == 1 || len(word) > 1 && word[0] != '0'
}

// object takes an object and hands out its members, the keys without their quotes.
func (r *row) object(member func(key, value []byte) bool) bool {
	if !r.next('{') {
		return false
	}
	if r.next('}') {
		return true
	}
	for {
		key, ok := r.quoted()
		if !ok || !r.next(':') {
			return false
		}
		value, ok := r.value()
		if !ok || !member(key[1:len(key)-1], value) {
			return false
		}
		if !r.next(',') {
			return r.next('}')
		}
	}
}

// text is a string's content; null leaves what is there.
func text(value []byte, into *string) bool {
	switch {
	case value[0] == '"':
		*into = string(value[1 : len(value)-1])
	case string(value) != "null":
		return false
	}
	return true
}
