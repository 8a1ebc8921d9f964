package controller

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/engine"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// Identities of the objects that every cluster has; clients know them.
const (
	uuidDefaultPool  = "f51611c6-528f-4793-a87a-866d09e6733a"
	uuidDisklessPool = "622807eb-c8c4-44f0-b03d-a08173c8fa1b"
	uuidDefaultGroup = "a52e934a-9fd9-44cb-9db1-716dcd13aae3"
	keyClusterID     = "Cluster/LocalID"
)

// initialise puts in place what a fresh cluster has.
func initialise(ctx context.Context, eng *engine.Engine, cluster string) error {
	if eng.World().Props()[keyClusterID] != "" {
		return nil
	}
	_, err := eng.Do(ctx, "first start", func(tx *model.Tx) error {
		tx.SetController(&model.Controller{Props: map[string]string{
			keyClusterID:                             cluster,
			"DrbdOptions/auto-quorum":                "io-error",
			"DrbdOptions/auto-add-quorum-tiebreaker": "True",
			"DrbdOptions/auto-diskful-allow-cleanup": "True",
			"DrbdOptions/AutoEvictAllowEviction":     "True",
			"DrbdOptions/auto-verify-algo-allowed-list": "crct10dif-pclmul;crct10dif-generic;sha384-generic;" +
				"sha512-generic;sha256-generic;md5-generic",
		}})
		for name, id := range map[string]string{model.DefaultPool: uuidDefaultPool, model.DefaultDisklessPool: uuidDisklessPool} {
			if _, ok := tx.PoolDefinitions.Get(name); !ok {
				tx.PutPoolDefinition(&model.PoolDefinition{Name: name, UUID: id})
			}
		}
		if _, ok := tx.Groups.Get(model.DefaultGroup); !ok {
			two := v1.FlexInt(2)
			tx.PutGroup(&model.Group{Name: model.DefaultGroup, UUID: uuidDefaultGroup, Filter: v1.AutoSelectFilter{PlaceCount: &two}})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put in place what a fresh cluster has: %w", err)
	}
	return nil
}

// clusterID is the identity that satellites know the cluster by: the stored one,
// or a new one that initialise stores.
func clusterID(eng *engine.Engine) string {
	if id := eng.World().Props()[keyClusterID]; id != "" {
		return id
	}
	return uuid.NewString()
}
