package prop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const factsDir = "../../../../shared/facts/data"

// readFacts reads a file of interface facts, which lies next to the repository
// where there is one.
func readFacts(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(factsDir, file))
	if err != nil {
		t.Skipf("compared with nothing: the interface facts would be in %s", filepath.Join(factsDir, file))
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatal(err)
	}
}

type factRow struct {
	Key      any
	Type     string
	Value    string
	Values   []string
	Min, Max any
	MinFloat *float64 `json:"min_float"`
	MaxFloat *float64 `json:"max_float"`
	Default  any
	Unit     string
	Prefix   string `json:"unit_prefix"`
}

type facts struct {
	Objects    map[string][]string
	Properties map[string]factRow
}

var factClasses = map[string][]Class{
	"controller": {Controller}, "node": {Node}, "storagepool-definition": {StoragePoolDefinition}, "storagepool": {StoragePool},
	"resource-definition": {ResourceDefinition, ResourceGroup}, "resource": {Resource},
	"volume-definition": {VolumeDefinition, VolumeGroup}, "volume": {Volume},
	"drbd-proxy": {DRBDProxy}, "drbd-proxy-zlib": {DRBDProxyZlib}, "drbd-proxy-lzma": {DRBDProxyLZMA}, "drbd-proxy-zstd": {DRBDProxyZstd},
	"rsc-conn": {ResourceConnection}, "node-conn": {NodeConnection},
}

// ownRules are the keys whose rule is our own on purpose: ranges may be lists, pool
// backings may have dots but no leading dash, and text that stands for a truth must
// be one.
var ownRules = []string{
	"TcpPortAutoRange", "MinorNrAutoRange", "SpecStltPortAutoRange", "Autoplacer/MinThinFreeSpace",
	"StorDriver/StorPoolName", "StorDriver/LvmVg", "StorDriver/ThinPool", "StorDriver/ZPool", "StorDriver/ZPoolThin",
	"BackupShipping/AllowForceRestore", "DrbdOptions/auto-rs-discard-granularity", "Linstor/Drbd/auto-discard-granularity",
	"Linstor/Drbd/auto-block-size", "Linstor/Drbd/freeze-block-size",
}

func TestCatalogueCoversTheInterface(t *testing.T) {
	var consts []struct {
		Name  string
		Value any
	}
	readFacts(t, "consts.json", &consts)
	values := map[string]string{}
	for _, c := range consts {
		values[c.Name] = strings.Trim(fmt.Sprint(c.Value), `"`)
	}
	var f facts
	readFacts(t, "properties.json", &f)
	if len(f.Properties) == 0 {
		t.Fatal("no properties read")
	}
	compare(t, f, func(_ string, row factRow) string {
		parts, ok := row.Key.([]any)
		if !ok {
			return fmt.Sprint(row.Key)
		}
		var out []string
		for _, p := range parts {
			v, known := values[p.(string)]
			if !known {
				v = p.(string)
			}
			out = append(out, v)
		}
		return strings.Join(out, "/")
	})
}

func TestCatalogueCoversDRBDOptions(t *testing.T) {
	var f facts
	readFacts(t, "drbdoptions.json", &f)
	if len(f.Properties) != 91 {
		t.Fatalf("%d options", len(f.Properties))
	}
	compare(t, f, func(_ string, row factRow) string { return row.Key.(string) })
}

func compare(t *testing.T, f facts, key func(string, factRow) string) {
	for object, names := range f.Objects {
		classes := factClasses[object]
		if classes == nil {
			t.Errorf("object %s is not known", object)
		}
		for _, class := range classes {
			for _, n := range names {
				row := f.Properties[n]
				k := key(n, row)
				p, ok := index().byClass[class][k]
				switch {
				case !ok:
					t.Errorf("%s: %s is missing", class, k)
				case p.ReadOnly != "":
					t.Errorf("%s: %s cannot be set", class, k)
				default:
					compareRule(t, k, p, row)
				}
			}
		}
	}
}

func compareRule(t *testing.T, key string, p *Property, row factRow) {
	t.Helper()
	if p.Help == "" {
		t.Errorf("%s has no help", key)
	}
	if slices.Contains(ownRules, key) {
		return
	}
	r := p.Rule
	if string(r.Kind) != row.Type {
		t.Errorf("%s is a %s, want %s", key, r.Kind, row.Type)
	}
	if strings.Trim(row.Value, "^$") != strings.Trim(r.Pattern, "^$") {
		t.Errorf("%s has pattern %s, want %s", key, r.Pattern, row.Value)
	}
	if !slices.Equal(slices.Sorted(slices.Values(r.Symbols)), slices.Sorted(slices.Values(row.Values))) {
		t.Errorf("%s has symbols %v, want %v", key, r.Symbols, row.Values)
	}
	if row.Min != nil && (number(r.Min) != number(row.Min) || number(r.Max) != number(row.Max)) {
		t.Errorf("%s is %d to %d, want %v to %v", key, r.Min, r.Max, row.Min, row.Max)
	}
	if row.MaxFloat != nil && r.MaxFraction != *row.MaxFloat {
		t.Errorf("%s is up to %g, want %g", key, r.MaxFraction, *row.MaxFloat)
	}
	if row.Prefix != "" && r.Scale != row.Prefix[0] {
		t.Errorf("%s counts in %c, want %s", key, r.Scale, row.Prefix)
	}
}

func number(v any) string {
	switch n := v.(type) {
	case float64:
		return fmt.Sprintf("%.6g", n)
	case int64:
		return fmt.Sprintf("%.6g", float64(n))
	}
	var f float64
	fmt.Sscan(fmt.Sprint(v), &f)
	return fmt.Sprintf("%.6g", f)
}
