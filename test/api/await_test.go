package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// patience is how long, in the cluster's own time, a test waits for something that
// happens by itself.
const patience = 30 * time.Minute

// await waits until an object is as wanted.
func await[T any](e *env, path string, good func(T) bool) (T, error) {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var last T
	err := e.Controller().Engine().Await(ctx, func(*model.World) bool {
		r := e.send("GET", path, "")
		var v T
		if json.Unmarshal(r.body, &v) != nil {
			return false
		}
		last = v
		return good(v)
	})
	if err != nil {
		return last, fmt.Errorf("%s stays %+v", path, last)
	}
	return last, nil
}
