package replication

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// A verify algorithm must be in the kernels of all nodes that have told what they have.
func TestCheckVerify(t *testing.T) {
	tx := model.NewWorld().Begin(model.Env{})
	d := &model.Definition{Name: "web"}
	tx.PutDefinition(d)
	for node, has := range map[string][]string{"n1": {"crc32c", "md5", "sha1"}, "n2": {"md5", "sha1"}, "n3": nil} {
		tx.PutNode(&model.Node{Name: node})
		tx.PutResource(&model.Resource{Definition: "web", Node: node, Stack: []v1.LayerType{v1.LayerTypeDrbd, v1.LayerTypeStorage}, DRBD: &model.ReplicaDRBD{}})
		tx.SetNodeStatus(&model.NodeStatus{Node: node, Host: &model.HostInfo{Crypto: has}})
	}
	w := tx.Commit(1)
	for alg, fits := range map[string]bool{"md5": true, "": true, "crc32c": false, "no-such": false} {
		err := CheckVerify(w, d, map[string]string{keyVerify: alg})
		f, refused := fault.As(err)
		if refused == fits {
			t.Errorf("%s: %v", alg, err)
		}
		if refused && (f.Code != v1.FailInvalidProp || !strings.Contains(f.Cause, "n") || !strings.Contains(f.Correction, "md5, sha1")) {
			t.Errorf("%s is refused with %+v", alg, f)
		}
	}
}
