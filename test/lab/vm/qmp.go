package vm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// qmp speaks QEMU's machine protocol over its standard input and output.
type qmp struct {
	mu  sync.Mutex
	out io.Writer
	in  chan qmpMessage
}

type qmpMessage struct {
	Return json.RawMessage
	Error  *struct{ Class, Desc string }
}

func newQMP(out io.Writer, in io.Reader) *qmp {
	q := &qmp{out: out, in: make(chan qmpMessage)}
	go q.read(in)
	return q
}

// read passes answers on and drops the greeting and events.
func (q *qmp) read(in io.Reader) {
	defer close(q.in)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m qmpMessage
		if json.Unmarshal(lines.Bytes(), &m) == nil && (m.Return != nil || m.Error != nil) {
			q.in <- m
		}
	}
}

// call runs one command and decodes its answer, where one is wanted.
func (q *qmp) call(ctx context.Context, command string, arguments map[string]any, into any) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := json.NewEncoder(q.out).Encode(request); err != nil {
		return fmt.Errorf("qemu command %s: %w", command, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("qemu command %s: %w", command, ctx.Err())
	case m, ok := <-q.in:
		switch {
		case !ok:
			return fmt.Errorf("qemu command %s: QEMU has ended", command)
		case m.Error != nil:
			return fmt.Errorf("qemu command %s: %s", command, m.Error.Desc)
		case into == nil:
			return nil
		}
		if err := json.Unmarshal(m.Return, into); err != nil {
			return fmt.Errorf("qemu command %s: decode answer: %w", command, err)
		}
		return nil
	}
}

// saveState stops the machine and writes its memory and devices to a file.
func (q *qmp) saveState(ctx context.Context, path string) error {
	steps := []struct {
		command   string
		arguments map[string]any
	}{
		{"stop", nil},
		{"migrate-set-parameters", map[string]any{"max-bandwidth": int64(1) << 40}},
		{"migrate", map[string]any{"uri": "exec:cat > '" + path + "'"}},
	}
	for _, s := range steps {
		if err := q.call(ctx, s.command, s.arguments, nil); err != nil {
			return err
		}
	}
	return q.until(ctx, "query-migrate", func(status string) (bool, error) {
		if status == "failed" || status == "cancelled" {
			return false, errors.New("saving the machine's state has " + status)
		}
		return status == "completed", nil
	})
}

// resume waits for the incoming state and lets the machine run.
func (q *qmp) resume(ctx context.Context) error {
	err := q.until(ctx, "query-status", func(status string) (bool, error) {
		return status != "inmigrate", nil
	})
	if err != nil {
		return err
	}
	return q.call(ctx, "cont", nil, nil)
}

func (q *qmp) until(ctx context.Context, query string, done func(status string) (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var answer struct{ Status string }
		if err := q.call(ctx, query, nil, &answer); err != nil {
			return err
		}
		if ok, err := done(answer.Status); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
