package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

// ExitError is a command in a machine that ended with a code other than zero.
type ExitError struct {
	Node   string
	Argv   []string
	Stdout string
	Stderr string
	Code   int
}

func (e *ExitError) Error() string {
	said := strings.TrimSpace(e.Stderr)
	if said == "" {
		said = tail(e.Stdout, 5)
	}
	return fmt.Sprintf("%s: %s: exit code %d: %s", e.Node, strings.Join(e.Argv, " "), e.Code, said)
}

// Run runs a command to its end and gives its standard output. A non-zero exit
// is an *ExitError; another error means that the outcome is unknown.
func (n *Node) Run(ctx context.Context, argv ...string) (string, error) {
	return n.RunInput(ctx, "", argv...)
}

// Shell runs a shell script, stopping at its first failing command.
func (n *Node) Shell(ctx context.Context, script string) (string, error) {
	return n.Run(ctx, "/bin/bash", "-euo", "pipefail", "-c", script)
}

// RunInput is Run with standard input, the way for secrets.
func (n *Node) RunInput(ctx context.Context, stdin string, argv ...string) (string, error) {
	var out wire.Outcome
	if err := n.call(ctx, wire.PathExec, wire.Exec{Argv: argv, Stdin: []byte(stdin)}, &out); err != nil {
		return "", fmt.Errorf("%s: %s: %w", n.Name(), strings.Join(argv, " "), err)
	}
	if out.ExitCode != 0 {
		return string(out.Stdout), &ExitError{Node: n.Name(), Argv: argv, Stdout: string(out.Stdout), Stderr: string(out.Stderr), Code: out.ExitCode}
	}
	return string(out.Stdout), nil
}

// Daemon starts a command that stays; its output goes to /var/log/lab/<name>.log.
func (n *Node) Daemon(ctx context.Context, name string, env []string, argv ...string) (pid int, err error) {
	var out wire.Started
	if err := n.call(ctx, wire.PathDaemon, wire.Daemon{Name: name, Argv: argv, Env: env}, &out); err != nil {
		return 0, fmt.Errorf("%s: start %s: %w", n.Name(), name, err)
	}
	return out.PID, nil
}

// Put writes a file, durably and replacing it as a whole.
func (n *Node) Put(ctx context.Context, path string, mode os.FileMode, data io.Reader) error {
	query := url.Values{"path": {path}, "mode": {strconv.FormatUint(uint64(mode.Perm()), 8)}}
	res, err := n.request(ctx, http.MethodPut, wire.PathFile+"?"+query.Encode(), data)
	if err != nil {
		return fmt.Errorf("%s: put %s: %w", n.Name(), path, err)
	}
	return res.Body.Close()
}

// Get reads a file; a missing one is an error that matches fs.ErrNotExist.
func (n *Node) Get(ctx context.Context, path string) ([]byte, error) {
	res, err := n.request(ctx, http.MethodGet, wire.PathFile+"?"+url.Values{"path": {path}}.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: get %s: %w", n.Name(), path, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: get %s: %w", n.Name(), path, err)
	}
	return data, nil
}

func (n *Node) call(ctx context.Context, path string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	ctx, stop := n.whileOn(ctx)
	defer stop()
	res, err := n.do(ctx, http.MethodPost, path, bytes.NewReader(data))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("decode answer: %w", errCause(ctx, err))
	}
	return nil
}

// request is do for a body that is read later: a lost machine breaks the
// connection's read only when its context ends, so it is tied to the power.
func (n *Node) request(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	ctx, stop := n.whileOn(ctx)
	res, err := n.do(ctx, method, path, body)
	if err != nil {
		stop()
		return nil, err
	}
	res.Body = &stoppingBody{res.Body, stop}
	return res, nil
}

func (n *Node) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	address := fmt.Sprintf("http://%s%s", agentAddress(n.index), path)
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	res, err := n.http.Do(req)
	if err != nil {
		return nil, errCause(ctx, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 4096))
	if res.StatusCode == http.StatusNotFound {
		return nil, fmt.Errorf("%w: %s", fs.ErrNotExist, bytes.TrimSpace(text))
	}
	return nil, fmt.Errorf("agent: %s", bytes.TrimSpace(text))
}

type stoppingBody struct {
	io.ReadCloser
	stop func()
}

func (b *stoppingBody) Close() error {
	defer b.stop()
	return b.ReadCloser.Close()
}

func agentAddress(node int) string {
	return net.JoinHostPort(netManagement.Addr(node), strconv.Itoa(wire.Port))
}

// errCause prefers why a context ended over the fact that it has.
func errCause(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
