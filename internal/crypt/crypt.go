// Package crypt is the cryptography of the cluster's secrets in upstream's format:
// a master key, wrapped by a passphrase, wraps the volumes' passphrases.
//
// Everything is a pure function: randomness is an argument.
//
// Invariant: neither a Key nor a passphrase is ever part of a text: not by fmt, not
// by JSON, not by a log, and not in an error.
package crypt

import (
	"crypto/aes"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
)

// Parameters of the format.
const (
	iterations = 5000
	keyBytes   = 16
	saltBytes  = 16
	// chunk is what lengths are hidden in.
	chunk     = 32
	headBytes = 2
)

var (
	// ErrWrong is a passphrase that does not fit the record.
	ErrWrong = errors.New("the passphrase does not fit")
	// ErrCorrupt is stored data that cannot be what was encrypted.
	ErrCorrupt = errors.New("the stored secret is damaged")
)

// Random gives n random bytes that nobody can foresee.
type Random func(n int) []byte

// Record is a master key as it is stored, wrapped by a passphrase; all in base64.
type Record struct {
	// Hash is what tells the right passphrase from a wrong one.
	Hash string
	// Key is the wrapped master key, Salt that of the passphrase.
	Key  string
	Salt string
}

// Key is an unlocked master key. It can be copied; it shows in no text.
type Key struct{ bytes *[keyBytes]byte }

// redacted is what a Key looks like.
const redacted = "…"

// String implements fmt.Stringer.
func (Key) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (Key) GoString() string { return redacted }

// Format implements fmt.Formatter, for every verb.
func (Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements encoding.TextMarshaler, for JSON and structured logs.
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// New makes a master key, and its record under a passphrase.
func New(passphrase string, random Random) (Key, Record, error) {
	k := Key{bytes: new([keyBytes]byte)}
	copy(k.bytes[:], random(keyBytes))
	r, err := k.Wrap(passphrase, random)
	return k, r, err
}

// Wrap makes the record of a key under a passphrase.
func (k Key) Wrap(passphrase string, random Random) (Record, error) {
	salt := random(saltBytes)
	padded, err := pad(k.bytes[:], random)
	if err != nil {
		return Record{}, err
	}
	derived, err := derive(passphrase, salt)
	if err != nil {
		return Record{}, err
	}
	wrapped, err := seal(derived, padded, random)
	if err != nil {
		return Record{}, err
	}
	sum := sha512.Sum512(padded)
	return Record{Hash: encode(sum[:]), Key: encode(wrapped), Salt: encode(salt)}, nil
}

// Unlock gives the master key of a record. ErrWrong and ErrCorrupt say why not.
func Unlock(r Record, passphrase string) (Key, error) {
	var raw [3][]byte
	for i, s := range []string{r.Hash, r.Key, r.Salt} {
		var err error
		if raw[i], err = base64.StdEncoding.DecodeString(s); err != nil {
			return Key{}, fmt.Errorf("decode the master key's record: %w", ErrCorrupt)
		}
	}
	derived, err := derive(passphrase, raw[2])
	if err != nil {
		return Key{}, err
	}
	padded, err := open(derived, raw[1])
	if err != nil {
		return Key{}, err
	}
	sum := sha512.Sum512(padded)
	if subtle.ConstantTimeCompare(sum[:], raw[0]) != 1 {
		return Key{}, ErrWrong
	}
	data, err := unpad(padded)
	if err != nil || len(data) != keyBytes {
		return Key{}, fmt.Errorf("read the master key: %w", ErrCorrupt)
	}
	k := Key{bytes: new([keyBytes]byte)}
	copy(k.bytes[:], data)
	return k, nil
}

// Encrypt wraps a secret; the answer is in base64.
func (k Key) Encrypt(secret string, random Random) (string, error) {
	padded, err := pad([]byte(secret), random)
	if err != nil {
		return "", err
	}
	sealed, err := seal(k.bytes[:], padded, random)
	if err != nil {
		return "", err
	}
	return encode(sealed), nil
}

// Decrypt unwraps what Encrypt has made. The format has no check of its own: with
// another key the answer is ErrCorrupt or, seldom, nonsense.
func (k Key) Decrypt(sealed string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", fmt.Errorf("decode a secret: %w", ErrCorrupt)
	}
	padded, err := open(k.bytes[:], raw)
	if err != nil {
		return "", err
	}
	data, err := unpad(padded)
	return string(data), err
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// derive makes a key of a passphrase. Each of its bytes counts as one character,
// which is written in UTF-8.
func derive(passphrase string, salt []byte) ([]byte, error) {
	chars := make([]rune, len(passphrase))
	for i := range len(passphrase) {
		chars[i] = rune(passphrase[i])
	}
	key, err := pbkdf2.Key(sha1.New, string(chars), salt, iterations, keyBytes)
	if err != nil {
		return nil, fmt.Errorf("make a key of the passphrase: %w", err)
	}
	return key, nil
}

// pad hides how long data is.
func pad(data []byte, random Random) ([]byte, error) {
	if len(data) > 1<<16-1 {
		return nil, fmt.Errorf("a secret of %d bytes is too long", len(data))
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(data)))
	out = append(out, data...)
	if rest := len(out) % chunk; rest > 0 {
		out = append(out, random(chunk-rest)...)
	}
	return out, nil
}

func unpad(padded []byte) ([]byte, error) {
	if len(padded) < headBytes || len(padded)%chunk != 0 {
		return nil, fmt.Errorf("read a secret: %w", ErrCorrupt)
	}
	n := int(binary.BigEndian.Uint16(padded))
	if n > len(padded)-headBytes {
		return nil, fmt.Errorf("read a secret: %w", ErrCorrupt)
	}
	return padded[headBytes : headBytes+n], nil
}

// seal encrypts with AES in CFB mode, with full blocks of feedback; the random
// start is in front.
func seal(key, plain []byte, random Random) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("encrypt a secret: %w", err)
	}
	out := append([]byte(nil), random(aes.BlockSize)...)
	feedback, stream := out, make([]byte, aes.BlockSize)
	for len(plain) > 0 {
		block.Encrypt(stream, feedback)
		n := min(len(plain), aes.BlockSize)
		for i := range n {
			out = append(out, plain[i]^stream[i])
		}
		plain, feedback = plain[n:], out[len(out)-n:]
	}
	return out, nil
}

func open(key, sealed []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt a secret: %w", err)
	}
	if len(sealed) < aes.BlockSize {
		return nil, fmt.Errorf("decrypt a secret: %w", ErrCorrupt)
	}
	stream := make([]byte, aes.BlockSize)
	out := make([]byte, 0, len(sealed)-aes.BlockSize)
	for at := aes.BlockSize; at < len(sealed); at += aes.BlockSize {
		block.Encrypt(stream, sealed[at-aes.BlockSize:at])
		for i, b := range sealed[at:min(len(sealed), at+aes.BlockSize)] {
			out = append(out, b^stream[i])
		}
	}
	return out, nil
}
