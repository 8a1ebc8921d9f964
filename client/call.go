package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// maxErrorBody bounds what an error keeps of an answer that is not JSON.
const maxErrorBody = 500

type response struct {
	status int
	header http.Header
	body   []byte
}

// path joins percent-encoded parts below /v1.
func path(parts ...string) string {
	var b strings.Builder
	b.WriteString("/v1")
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

func options(opts []Option) *call {
	o := &call{query: url.Values{}, header: map[string]string{}}
	for _, opt := range opts {
		opt(o)
	}
	return o
}

// get reads one endpoint.
func get[T any](ctx context.Context, c *Client, path string, opts []Option) (T, error) {
	return ask[T](ctx, c, http.MethodGet, path, nil, opts)
}

// ask sends a body and decodes the answer.
func ask[T any](ctx context.Context, c *Client, method, path string, body any, opts []Option) (T, error) {
	var out T
	o := options(opts)
	res, err := c.roundTrip(ctx, method, path, body, o)
	if err != nil {
		return out, err
	}
	if res.status >= 400 {
		return out, apiError(method, path, res)
	}
	if len(bytes.TrimSpace(res.body)) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(res.body, &out); err != nil {
		return out, &DecodeError{Path: path, Err: err}
	}
	return out, nil
}

// change sends a mutating call.
func (c *Client) change(ctx context.Context, method, path string, body any, opts []Option) (*Reply, error) {
	o := options(opts)
	res, err := c.roundTrip(ctx, method, path, body, o)
	if err != nil {
		return nil, err
	}
	if res.status >= 400 {
		return nil, apiError(method, path, res)
	}
	r := &Reply{Status: res.status, Raw: res.body}
	if len(bytes.TrimSpace(res.body)) == 0 {
		return r, nil
	}
	if o.dryRun {
		return r, decodePlan(path, res.body, r)
	}
	if err := json.Unmarshal(res.body, &r.RCs); err != nil {
		return nil, &DecodeError{Path: path, Err: err}
	}
	if v1.HasError(r.RCs) {
		return nil, apiError(method, path, res)
	}
	return r, nil
}

// decodePlan refuses an answer that is not a plan: an old controller ignores the
// parameter and has just made the change.
func decodePlan(path string, body []byte, r *Reply) error {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		return fmt.Errorf("%s: the controller knows no dry run and has made the change", path)
	}
	r.Plan = &v1.Plan{}
	if err := json.Unmarshal(body, r.Plan); err != nil {
		return &DecodeError{Path: path, Err: err}
	}
	r.RCs = r.Plan.Messages
	return nil
}

func apiError(method, path string, res *response) error {
	e := &APIError{Status: res.status, Method: method, Path: path, Raw: res.body}
	if err := json.Unmarshal(res.body, &e.RCs); err == nil && len(e.RCs) > 0 {
		return e
	}
	e.RCs = nil
	e.Body = strings.ToValidUTF8(string(res.body[:min(len(res.body), maxErrorBody)]), "?")
	return e
}

// roundTrip sends the call to the current controller, and to the next ones while
// they cannot be reached.
func (c *Client) roundTrip(ctx context.Context, method, path string, body any, o *call) (*response, error) {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode body of %s %s: %w", method, path, err)
		}
	}
	if limit := c.limit(o); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	var res *response
	err := c.eachEndpoint(ctx, method, path, func(e Endpoint) error {
		hr, err := c.send(ctx, e, method, path, payload, o)
		if err != nil {
			return err
		}
		defer hr.Body.Close()
		b, err := io.ReadAll(hr.Body)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		res = &response{status: hr.StatusCode, header: hr.Header, body: b}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if o.raw != nil {
		*o.raw = res.body
	}
	return res, nil
}

// redirect asks to repeat the call at a TLS endpoint; the first one did nothing.
type redirect struct{ to Endpoint }

func (redirect) Error() string { return "redirected" }

// eachEndpoint calls try with the controllers in turn, the current one first,
// until one answers.
func (c *Client) eachEndpoint(ctx context.Context, method, path string, try func(Endpoint) error) error {
	var attempts []Attempt
	first := int(c.current.Load())
	for n := range c.endpoints {
		i := (first + n) % len(c.endpoints)
		e := *c.endpoints[i].Load()
		err := try(e)
		if r, ok := errors.AsType[redirect](err); ok {
			c.endpoints[i].Store(&r.to)
			e = r.to
			err = try(e)
		}
		if err == nil {
			c.current.Store(int64(i))
			return nil
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "call failed", slog.String("op", method+" "+path),
			slog.String("controller", e.String()), slog.Any("err", err))
		if final := c.final(ctx, e, method, path, err); final != nil {
			return final
		}
		attempts = append(attempts, Attempt{Controller: e.String(), Err: cause(err)})
	}
	return &ConnectError{Attempts: attempts}
}

// final is the error to give up with, or nil when another controller may be
// asked.
func (c *Client) final(ctx context.Context, e Endpoint, method, path string, err error) error {
	var auth *insecureAuthError
	var own *hookError
	switch {
	case errors.As(err, &auth):
		return auth
	case errors.As(err, &own):
		return own.err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil:
		if isDial(err) {
			return &ConnectError{Attempts: []Attempt{{Controller: e.String(), Err: cause(err)}}}
		}
		return &TimeoutError{Controller: e.String(), Method: method, Path: path, Err: err}
	case isDial(err), method == http.MethodGet, method == http.MethodOptions:
		return nil
	default:
		return fmt.Errorf("%s %s at %s: the connection was lost, it is not known whether the change was made: %w",
			method, path, e, cause(err))
	}
}

// isDial tells whether the error came before anything was sent.
func isDial(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	// A failed handshake sends no request either.
	return strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: ")
}

// cause strips net/http's wrapping, which repeats the address.
func cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

func num[T int32 | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// optional adds a last path part if there is one.
func optional(base, part string) string {
	if part == "" {
		return base
	}
	return base + "/" + url.PathEscape(part)
}

// one reads an endpoint that answers with a list of one.
func one[T any](ctx context.Context, c *Client, path string, opts []Option) (T, error) {
	var zero T
	list, err := get[[]T](ctx, c, path, opts)
	if err != nil {
		return zero, err
	}
	if len(list) == 0 {
		return zero, &APIError{Status: http.StatusNotFound, Method: http.MethodGet, Path: path}
	}
	return list[0], nil
}

// download reads an answer that is a file.
func (c *Client) download(ctx context.Context, path string, opts []Option) ([]byte, string, error) {
	res, err := c.roundTrip(ctx, http.MethodGet, path, nil, options(append(opts, header("Accept", "*/*"))))
	if err != nil {
		return nil, "", err
	}
	if res.status >= 400 {
		return nil, "", apiError(http.MethodGet, path, res)
	}
	_, params, err := mime.ParseMediaType(res.header.Get("Content-Disposition"))
	if err != nil {
		return res.body, "", nil // a file without a name is still a file
	}
	return res.body, params["filename"], nil
}
