package satellite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

// fenceFile remembers the controller that a satellite works for over a restart, so
// that a deposed one does not get in afterwards. Without a path nothing is kept.
type fenceFile struct {
	path string
	log  *slog.Logger
}

// read answers the fence of the last run; one that cannot be read counts as none.
func (f fenceFile) read() wire.Fence {
	var out wire.Fence
	if f.path == "" {
		return out
	}
	data, err := os.ReadFile(f.path)
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.log.Warn("the note of which controller leads cannot be read; the next one that asks is let in", "path", f.path, "err", err)
		}
		return wire.Fence{}
	}
	return out
}

// write keeps a fence; it is on the disk when write returns.
func (f fenceFile) write(fence wire.Fence) error {
	if f.path == "" {
		return nil
	}
	data, err := json.Marshal(fence)
	if err != nil {
		return fmt.Errorf("encode the fence: %w", err)
	}
	return writeFile(f.path, data)
}
