package cli

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Env is everything the program takes from its surroundings.
type Env struct {
	Out, Err io.Writer
	In       io.Reader
	Getenv   func(string) string
	Environ  []string
	// OutTTY and InTTY tell whether output and input are a terminal.
	OutTTY, InTTY bool
	// UTF8 tells whether tables may use UTF-8 characters.
	UTF8 bool
	// Width of the terminal, 80 if it is not known.
	Width int
	Now   func() time.Time
	// Sleep waits, for polling.
	Sleep func(time.Duration)
	Files Files
	// ReadPassword asks for a secret on the terminal.
	ReadPassword func(prompt string) (string, error)
	// Edit lets the user change a text.
	Edit func(content []byte) ([]byte, error)
	// LookupHost resolves a node's name.
	LookupHost func(name string) ([]string, error)
}

// Files reads below a root folder; names have no leading slash.
type Files struct{ Root string }

// Read reads a file.
func (f Files) Read(name string) ([]byte, error) { return os.ReadFile(filepath.Join(f.Root, name)) }

// Exists tells whether there is such a file.
func (f Files) Exists(name string) bool {
	st, err := os.Stat(filepath.Join(f.Root, name))
	return err == nil && !st.IsDir()
}

// Glob finds files.
func (f Files) Glob(pattern string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(f.Root, pattern))
	if err != nil {
		return nil, err
	}
	for i, n := range names {
		if names[i], err = filepath.Rel(f.Root, n); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// UTF8Locale tells whether the locale of the environment is a UTF-8 one.
func UTF8Locale(getenv func(string) string) bool {
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := getenv(key); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}
