package run

import "context"

// Streamer is a host that can follow a command that does not end.
type Streamer interface {
	// Stream runs a command and hands over each line of its output, without the line
	// end, until the command or the context ends. The error says why it ended; a line
	// that was being written when it ended may be lost.
	Stream(ctx context.Context, c Cmd, line func(string)) error
}
