package sat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/link"
)

// maxMessage bounds a request: a full set of 100 000 volumes fits.
const maxMessage = 256 << 20

// Handler serves a satellite over HTTP.
func Handler(p link.Peer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+wire.PathHello, call(p.Hello))
	mux.HandleFunc("POST "+wire.PathApply, call(p.Apply))
	mux.HandleFunc("POST "+wire.PathPlan, call(p.Plan))
	mux.HandleFunc("POST "+wire.PathPhysical, call(p.Physical))
	mux.HandleFunc("POST "+wire.PathInspect, call(p.Inspect))
	mux.HandleFunc("POST "+wire.PathLogLevel, call(p.LogLevel))
	mux.HandleFunc("POST "+wire.PathPing, call(func(ctx context.Context, f wire.Fence) (struct{}, error) {
		return struct{}{}, p.Ping(ctx, f)
	}))
	mux.HandleFunc("POST "+wire.PathWatch, watch(p))
	return mux
}

func call[In, Out any](f func(context.Context, In) (Out, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in In
		if !decode(w, r, &in) {
			return
		}
		out, err := f(r.Context(), in)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		// The peer notices a broken connection itself.
		_ = json.NewEncoder(w).Encode(out)
	}
}

func decode(w http.ResponseWriter, r *http.Request, in any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(in); err != nil {
		refuse(w, fault.New(v1.APICallParseError, "The message cannot be read.").Because("%v", err))
		return false
	}
	return true
}

func refuse(w http.ResponseWriter, err error) {
	var r *link.Refused
	if !errors.As(err, &r) {
		f, ok := fault.As(err)
		if !ok {
			f = fault.New(v1.FailUnknownError, "%v", err)
		}
		r = link.Refuse("", f.RC())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusConflict)
	_ = json.NewEncoder(w).Encode(r.Refusal)
}

func watch(p link.Peer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var f wire.Fence
		if !decode(w, r, &f) {
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		enc := json.NewEncoder(w)
		flush := http.NewResponseController(w)
		started := false
		err := p.Watch(ctx, f, func(rep wire.Report) {
			started = true
			if enc.Encode(rep) != nil || flush.Flush() != nil {
				cancel()
			}
		})
		if err != nil && !started && ctx.Err() == nil {
			refuse(w, err)
		}
	}
}
