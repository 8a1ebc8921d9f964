package drbd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// ErrNoStream is a host that cannot follow a command that does not end.
var ErrNoStream = errors.New("DRBD's events cannot be followed: the host has no way to follow a command")

// Watch follows DRBD's events. A new stream begins with all that is there, which
// counts as one change of everything.
func (l *Layer) Watch(ctx context.Context, h run.Host, changed func(resource string)) error {
	s, ok := h.(run.Streamer)
	if !ok {
		return ErrNoStream
	}
	told := false
	err := s.Stream(ctx, run.Command("drbdsetup", "events2", "--statistics"), func(line string) {
		if resource, volume, failed := failedDisk(line); failed {
			l.noteFailed(resource, volume)
		}
		action, names := news(line)
		switch {
		case action == "":
		case told:
			for _, n := range names {
				changed(n)
			}
		case action == "exists" && len(names) == 0:
			told = true
			changed("")
		}
	})
	if err != nil {
		return fmt.Errorf("follow DRBD's events: %w", err)
	}
	return errors.New("follow DRBD's events: the stream has ended")
}

// news are the resources that a line tells of; action is empty where nothing has
// changed. Only what is needed here is read of it, because many lines come.
func news(line string) (action string, names []string) {
	for w := range strings.FieldsSeq(line) {
		switch {
		case action == "" && w[0] >= '0' && w[0] <= '9':
			// The timestamp.
		case action == "":
			action = w
			if action == "call" || action == "response" {
				return "", nil // a handler ran
			}
		default:
			for _, key := range []string{"name:", "new_name:"} {
				if n, ok := strings.CutPrefix(w, key); ok {
					names = append(names, n)
				}
			}
			if len(names) > 0 && action != "rename" {
				return action, names
			}
		}
	}
	return action, names
}
