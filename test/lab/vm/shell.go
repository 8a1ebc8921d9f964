package vm

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

// Attach gives a lab that another process runs, for shells only.
func Attach(c Config) (*Lab, error) {
	l := &Lab{config: c, log: c.Log, ns: namespaceOf(c)}
	if !l.ns.exists() {
		return nil, fmt.Errorf("the lab that uses %s has no machines yet; try again in a moment", c.CacheDir)
	}
	for i := 1; i <= NodeCount; i++ {
		l.nodes = append(l.nodes, newNode(l, i))
	}
	return l, nil
}

// Terminal connects this process's terminal with an interactive shell in the
// machine, until the shell ends.
func (n *Node) Terminal(ctx context.Context, in, out *os.File) error {
	query := url.Values{}
	if cols, rows, err := term.GetSize(int(out.Fd())); err == nil {
		query = url.Values{"rows": {strconv.Itoa(rows)}, "cols": {strconv.Itoa(cols)}}
	}
	stream, err := n.openShell(ctx, query)
	if err != nil {
		return fmt.Errorf("%s: open a shell: %w", n.Name(), err)
	}
	defer stream.Close()
	// An upgraded connection no longer listens to the request's context.
	defer context.AfterFunc(ctx, func() { stream.Close() })()
	if term.IsTerminal(int(in.Fd())) {
		old, err := term.MakeRaw(int(in.Fd()))
		if err != nil {
			return fmt.Errorf("prepare the terminal: %w", err)
		}
		defer func() { _ = term.Restore(int(in.Fd()), old) }()
	}
	// Left behind when the shell ends first: a read of a terminal cannot be ended.
	go func() { _, _ = io.Copy(stream, in) }()
	if _, err := io.Copy(out, stream); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: the connection to the shell broke: %w", n.Name(), err)
	}
	return nil
}

func (n *Node) openShell(ctx context.Context, query url.Values) (io.ReadWriteCloser, error) {
	address := fmt.Sprintf("http://%s%s?%s", agentAddress(n.index), wire.PathShell, query.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", wire.ShellProtocol)
	res, err := n.http.Do(req)
	if err != nil {
		return nil, err
	}
	stream, ok := res.Body.(io.ReadWriteCloser)
	if res.StatusCode != http.StatusSwitchingProtocols || !ok {
		res.Body.Close()
		return nil, fmt.Errorf("the agent answered %s", res.Status)
	}
	return stream, nil
}
