package engine

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a programming error that was caught; it becomes an error report.
type PanicError struct {
	Value any
	Stack string
}

// Error shows the panic's value.
func (p *PanicError) Error() string { return fmt.Sprintf("internal error: %v", p.Value) }

func panicFault(p any) error { return &PanicError{Value: p, Stack: string(debug.Stack())} }

// Panicked wraps a recovered panic.
func Panicked(p any) error { return panicFault(p) }
