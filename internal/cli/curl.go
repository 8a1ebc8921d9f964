package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/holdfast-storage/holdfast/client"
)

// errCurl ends a command after its request was printed.
var errCurl = errors.New("only the curl command was asked for")

// curlTransport prints requests instead of sending them. Reads end the command,
// since what follows depends on the answer; changes get an empty answer, so that a
// command with several of them prints them all.
type curlTransport struct{ call *Call }

// RoundTrip prints the request.
func (t *curlTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	line, err := t.line(req)
	if err != nil {
		return nil, err
	}
	t.call.Printf("%s\n", line)
	t.call.printed = true
	if req.Method == http.MethodGet || req.Method == http.MethodOptions {
		return nil, fmt.Errorf("%w: %w", client.ErrStop, errCurl)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")),
	}, nil
}

func (t *curlTransport) line(req *http.Request) (string, error) {
	words := []string{"curl", "-X", req.Method}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return "", fmt.Errorf("read request body: %w", err)
		}
		words = append(words, "-H", "Content-Type: application/json", "-d", redact(req.URL.Path, body))
	}
	g := t.call.G
	for _, o := range [][2]string{{"--cacert", g.CAFile}, {"--cert", g.CertFile}, {"--key", g.KeyFile}} {
		if o[1] != "" {
			words = append(words, o[0], o[1])
		}
	}
	words = append(words, req.URL.String())
	for i, w := range words {
		words[i] = shellQuote(w)
	}
	return strings.Join(words, " "), nil
}

// shellQuote makes one shell word of a text.
func shellQuote(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_"
	if s != "" && strings.Trim(s, safe) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
