package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// ErrStop may be wrapped by the error of a custom Transport to end a call at
// once, without trying another controller; the error reaches the caller as it is.
var ErrStop = errors.New("stopped by the transport")

type hookError struct{ err error }

func (e *hookError) Error() string { return e.err.Error() }
func (e *hookError) Unwrap() error { return e.err }

type insecureAuthError struct{ controller string }

func (e *insecureAuthError) Error() string {
	return "refused to send a password to " + e.controller + " without TLS; use linstor+ssl:// or allow insecure authentication"
}

// send does one HTTP exchange. The caller closes the answer's body.
func (c *Client) send(ctx context.Context, e Endpoint, method, path string, payload []byte, o *call) (*http.Response, error) {
	target := e.BaseURL() + path
	if q := o.query.Encode(); q != "" {
		target += "?" + q
	}
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, err
	}
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	for k, v := range o.header {
		req.Header.Set(k, v)
	}
	if c.cfg.UserAgent != "" {
		req.Header.Set("User-Agent", c.cfg.UserAgent)
	}
	if err := c.authorize(req, e); err != nil {
		return nil, c.probe(ctx, e, err)
	}
	return c.exchange(req, e)
}

func (c *Client) exchange(req *http.Request, e Endpoint) (*http.Response, error) {
	res, err := c.http.Do(req)
	if err != nil {
		if errors.Is(err, ErrStop) {
			return nil, &hookError{cause(err)}
		}
		return nil, err
	}
	if to, ok := e.redirected(res.Header.Get("Location")); ok && isRedirect(res.StatusCode) {
		res.Body.Close()
		if to == e {
			return nil, &hookError{errors.New("the controller at " + e.String() + " redirects to itself")}
		}
		return nil, redirect{to}
	}
	return res, nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func (c *Client) authorize(req *http.Request, e Endpoint) error {
	switch {
	case c.cfg.Token != "":
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token)
	case c.cfg.User != "":
		if e.TLS || c.cfg.AllowInsecureAuth {
			req.SetBasicAuth(c.cfg.User, c.cfg.Password)
			return nil
		}
		return &insecureAuthError{e.String()}
	}
	return nil
}

// probe asks a plain endpoint, without the password, whether it redirects to TLS;
// if not, the refusal stands.
func (c *Client) probe(ctx context.Context, e Endpoint, refusal error) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.BaseURL()+"/v1/controller/version", nil)
	if err != nil {
		return err
	}
	res, err := c.exchange(req, e)
	if err != nil {
		return err
	}
	res.Body.Close()
	return refusal
}
