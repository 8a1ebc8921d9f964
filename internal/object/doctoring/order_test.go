package doctoring

import (
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestHealTakesARestartBack: what an earlier diagnosis allowed is not done any more when a
// newer one does not.
func TestHealTakesARestartBack(t *testing.T) {
	tx := model.NewWorld().Begin(model.Env{})
	d := &model.Definition{Name: "web", UUID: "web"}
	tx.PutDefinition(d)
	for i, n := range []string{"n1", "n2", "n3"} {
		tx.PutResource(&model.Resource{Definition: "web", Node: n, UUID: n, DRBD: &model.ReplicaDRBD{NodeID: i}})
	}
	orders := func(actions ...v1.DoctorAction) bool {
		Heal(tx, d, v1.Diagnosis{SafeActions: actions})
		r, _ := tx.Resources.Get("web", "n2")
		return r.DRBD.Restart
	}
	restart := v1.DoctorAction{Kind: v1.DoctorRestart, Node: "n2", Peer: "n1"}
	reconnect := v1.DoctorAction{Kind: v1.DoctorReconnect, Node: "n2", Peer: "n3"}
	if !orders(restart, reconnect) {
		t.Error("a restart is lost beside another order")
	}
	if orders(reconnect) {
		t.Error("the restart of an earlier diagnosis stands")
	}
}
