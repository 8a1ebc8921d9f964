package show

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/model"
)

// What brings a node back depends on what keeps it away.
func TestBackOnline(t *testing.T) {
	for state, says := range map[model.ConnState]string{
		model.ConnOffline:         "Start the satellite",
		model.ConnVersionMismatch: "Upgrade the older",
		model.ConnOtherController: "Stop the other controller",
		model.ConnHostname:        "Correct the node's address",
		model.ConnAuthError:       "certificates",
	} {
		tx := model.NewWorld().Begin(model.Env{})
		tx.SetNodeStatus(&model.NodeStatus{Node: "n1", State: state})
		if got := BackOnline(tx.World, "n1"); !strings.Contains(got, says) {
			t.Errorf("%s: %q, want %q", state, got, says)
		}
	}
	if got := BackOnline(model.NewWorld(), "n1"); !strings.Contains(got, "Start the satellite") {
		t.Errorf("never connected: %q", got)
	}
}
