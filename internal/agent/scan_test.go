package agent

import (
	"context"
	"errors"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/provider"
)

// TestScanLooksAgain: what changes in the middle of a look is looked at once more; a command
// that ran out of time is not waited for twice.
func TestScanLooksAgain(t *testing.T) {
	changed := errors.New("a file has gone in the middle")
	for name, c := range map[string]struct {
		errs  []error
		looks int
		want  error
	}{
		"well at once":    {[]error{nil}, 1, nil},
		"changed":         {[]error{changed, nil}, 2, nil},
		"broken":          {[]error{changed, changed}, 2, changed},
		"ran out of time": {[]error{context.DeadlineExceeded}, 1, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLife()
			defer l.end()
			looks := 0
			s := newScanner(func(context.Context, []provider.Pool) (provider.Observation, any, error) {
				looks++
				return provider.Observation{}, nil, c.errs[looks-1]
			}, l)
			if got := s.observe(t.Context(), 1); !errors.Is(got.err, c.want) || looks != c.looks {
				t.Errorf("%d looks: %v", looks, got.err)
			}
		})
	}
}
