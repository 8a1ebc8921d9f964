package sqlite

import (
	"crypto/sha256"
	"encoding/binary"
)

// summer computes checksums of rows. Each field goes in with its length, and each
// table has its own tag, so that no two different rows hash alike by accident.
type summer struct{ buf []byte }

func (s *summer) start(table string) { s.buf = append(s.buf[:0], table...) }

func (s *summer) text(v string) {
	s.buf = binary.BigEndian.AppendUint64(s.buf, uint64(len(v)))
	s.buf = append(s.buf, v...)
}

func (s *summer) number(v uint64) { s.buf = binary.BigEndian.AppendUint64(s.buf, v) }

func (s *summer) end() int64 {
	h := sha256.Sum256(s.buf)
	return int64(binary.BigEndian.Uint64(h[:8]))
}

func (s *summer) object(kind, key string, rev uint64, data []byte) int64 {
	s.start("object")
	s.text(kind)
	s.text(key)
	s.number(rev)
	s.buf = append(s.buf, data...)
	return s.end()
}

func (s *summer) meta(name, value string) int64 {
	s.start("meta")
	s.text(name)
	s.text(value)
	return s.end()
}

func (s *summer) quarantined(q quarantined) int64 {
	s.start("quarantine")
	s.text(q.Kind)
	s.text(q.Key)
	s.text(string(q.Data))
	s.text(q.Why)
	s.number(uint64(q.At))
	return s.end()
}
