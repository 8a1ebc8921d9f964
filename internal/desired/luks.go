package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
)

// luksKeys are the properties of encryption that are inherited from pools, nodes and
// the controller too.
var luksKeys = []string{"Luks/AllowDiscards", "StorDriver/LuksFormatOptions", "StorDriver/LuksOpenOptions"}

// encrypted completes a volume with what the LUKS layer needs. The passphrase is
// there only while the master key is.
func encrypted(w *model.World, r *model.Resource, v model.Volume, out *link.Volume) {
	if !model.HasLayer(r.Stack, v1.LayerTypeLuks) || bare(r) {
		return
	}
	out.Props = luksProps(w, r, v, out.Props)
	l := &link.LUKS{}
	out.LUKS = l
	key, unlocked := w.MasterKey()
	if unlocked && v.Key != "" {
		var err error
		if l.Passphrase, err = key.Decrypt(v.Key); err != nil || l.Passphrase == "" {
			l.Passphrase, l.Corrupt = "", true
		}
		if v.FormerKey != "" && !l.Corrupt {
			// One that cannot be decrypted could open nothing.
			l.Former, _ = key.Decrypt(v.FormerKey)
		}
	}
	// What is encrypted starts at random, so that its sum tells nothing.
	sum := sha256.Sum256([]byte(v.Key + "/" + v.FormerKey))
	l.Mark = hex.EncodeToString(sum[:8])
	if l.Passphrase == "" {
		l.Mark += " locked"
	}
}

// luksProps adds what pool, node and controller say about encryption.
func luksProps(w *model.World, r *model.Resource, v model.Volume, props map[string]string) map[string]string {
	levels := []map[string]string{props}
	if p, ok := w.Pools.Get(r.Node, v.Pool); ok {
		levels = append(levels, p.Props)
	}
	if d, ok := w.PoolDefinitions.Get(v.Pool); ok {
		levels = append(levels, d.Props)
	}
	if n, ok := w.Nodes.Get(r.Node); ok {
		levels = append(levels, n.Props)
	}
	levels = append(levels, w.Props())
	for _, key := range luksKeys {
		at := slices.IndexFunc(levels, func(l map[string]string) bool { _, ok := l[key]; return ok })
		if at <= 0 {
			continue
		}
		if props == nil {
			props = map[string]string{}
		}
		props[key] = levels[at][key]
	}
	return props
}

// withoutPassphrases leaves of the encryption what a fingerprint may depend on: it is
// seen by many, and a short passphrase could be guessed by it.
func withoutPassphrases(volumes []link.Volume) {
	for i := range volumes {
		if l := volumes[i].LUKS; l != nil {
			volumes[i].LUKS = &link.LUKS{Mark: l.Mark, Corrupt: l.Corrupt}
		}
	}
}
