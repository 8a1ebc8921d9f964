package sqlite

import "database/sql/driver"

// decode reads SQLite's record format into the values that the driver would give;
// nil if it is none.
func decode(p []byte) []driver.Value {
	size, n := varint(p)
	if n == 0 || size > uint64(len(p)) || size < uint64(n) || size > 64 {
		return nil
	}
	head, body := p[n:size], p[size:]
	var out []driver.Value
	for len(head) > 0 {
		kind, n := varint(head)
		if n == 0 {
			return nil
		}
		head = head[n:]
		v, used, ok := value(kind, body)
		if !ok {
			return nil
		}
		out, body = append(out, v), body[used:]
	}
	return out
}

func value(kind uint64, body []byte) (driver.Value, int, bool) {
	sizes := [...]int{0, 1, 2, 3, 4, 6, 8}
	switch {
	case kind == 0:
		return nil, 0, true
	case kind == 8 || kind == 9:
		return int64(kind - 8), 0, true
	case kind <= 6:
		n := sizes[kind]
		if n > len(body) {
			return nil, 0, false
		}
		v := int64(int8(body[0]))
		for _, b := range body[1:n] {
			v = v<<8 | int64(b)
		}
		return v, n, true
	case kind < 12 || (kind-12)/2 > uint64(len(body)):
		return nil, 0, false
	}
	n := int((kind - 12) / 2)
	if kind%2 == 0 {
		return append([]byte{}, body[:n]...), n, true
	}
	return string(body[:n]), n, true
}
