package model_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/crypt"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// TestUnlockTouchesEncrypted: what nodes have reported on encrypted volumes before the master
// key was known may be all that the rules have waited for.
func TestUnlockTouchesEncrypted(t *testing.T) {
	tx := model.NewWorld().Begin(model.Env{})
	for name, stack := range map[string][]v1.LayerType{
		"plain": {v1.LayerTypeStorage}, "safe": {v1.LayerTypeLuks, v1.LayerTypeStorage},
	} {
		tx.PutDefinition(&model.Definition{Name: name, UUID: name})
		tx.PutResource(&model.Resource{Definition: name, Node: "n1", UUID: name, Stack: stack})
	}
	tx = tx.Commit(1).Begin(model.Env{})
	tx.Unlock(crypt.Key{})
	if got := slices.Collect(maps.Values(tx.Touched().Definitions)); !slices.Equal(got, []string{"safe"}) {
		t.Errorf("touched are %v", got)
	}
}
