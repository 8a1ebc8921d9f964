package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// unmountPatience is how long a change that is refused because a device is open waits
// to hear that it was closed: who unmounts and deletes in one breath is faster than the
// report.
const unmountPatience = time.Second

// justClosed tells whether the device that stood in the way of a change is reported
// closed within unmountPatience.
func (s *Server) justClosed(r *http.Request, err error) bool {
	f, ok := fault.As(err)
	if !ok || f.Code != v1.FailInUse {
		return false
	}
	definition, node := f.Refs["RscDfn"], f.Refs["Node"]
	used := func(w *model.World) bool {
		st, ok := w.ResourceStatus.Get(definition, node)
		return ok && st.InUse != nil && *st.InUse
	}
	if definition == "" || node == "" || !used(s.cfg.Engine.World()) {
		return false
	}
	// Not every use is watched.
	s.cfg.Satellites.Relook(node, definition)
	ctx, cancel := context.WithTimeout(r.Context(), unmountPatience)
	defer cancel()
	return s.cfg.Engine.Await(ctx, func(w *model.World) bool { return !used(w) }) == nil
}
