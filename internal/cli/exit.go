package cli

import "fmt"

// Exit codes of the program.
const (
	ExitOK           = 0
	ExitUnknown      = 1
	ExitArgs         = 2
	ExitNotFound     = 3
	ExitOption       = 4
	ExitIllegalState = 5
	ExitAPI          = 10
	ExitNoSatellite  = 11
	ExitConnection   = 20
	ExitTimeout      = 21
	ExitReply        = 22
)

// Exit ends a command with an exit code and, unless it is empty, a message on
// standard error.
type Exit struct {
	Code int
	Msg  string
}

// Error is the message.
func (e *Exit) Error() string {
	if e.Msg == "" {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Msg
}

// Exitf makes an Exit with a formatted message.
func Exitf(code int, format string, args ...any) error {
	return &Exit{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Usagef says that the arguments do not fit together, which the argument parser
// alone cannot see.
func Usagef(format string, args ...any) error {
	return &Exit{Code: ExitArgs, Msg: fmt.Sprintf(format, args...)}
}
