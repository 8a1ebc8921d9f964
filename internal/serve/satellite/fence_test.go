package satellite

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	wire "github.com/holdfast-storage/holdfast/api/link/v1"
)

func TestTheFenceOutlivesTheProcess(t *testing.T) {
	f := fenceFile{path: filepath.Join(t.TempDir(), "state", "controller.json"), log: slog.New(slog.DiscardHandler)}
	if got := f.read(); got != (wire.Fence{}) {
		t.Errorf("before the first controller: %+v", got)
	}
	want := wire.Fence{Cluster: "c", Controller: "a", Epoch: 1<<32 + 7}
	if err := f.write(want); err != nil {
		t.Fatal(err)
	}
	if got := f.read(); got != want {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if err := os.WriteFile(f.path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := f.read(); got != (wire.Fence{}) {
		t.Errorf("a damaged note gives %+v", got)
	}
}
