package cluster

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model/prop"
	"github.com/holdfast-storage/holdfast/test/tools"
)

// optionObjects are the calls by which each kind of object takes properties.
var optionObjects = map[prop.Class][2]string{
	prop.Controller:         {"POST", "/v1/controller/properties"},
	prop.Node:               {"PUT", "/v1/nodes/n1"},
	prop.ResourceGroup:      {"PUT", "/v1/resource-groups/opts"},
	prop.VolumeGroup:        {"PUT", "/v1/resource-groups/opts/volume-groups/0"},
	prop.ResourceDefinition: {"PUT", "/v1/resource-definitions/data"},
	prop.VolumeDefinition:   {"PUT", "/v1/resource-definitions/data/volume-definitions/0"},
	prop.Resource:           {"PUT", "/v1/resource-definitions/data/resources/n1"},
	prop.Volume:             {"PUT", "/v1/resource-definitions/data/resources/n1/volumes/0"},
	prop.NodeConnection:     {"PUT", "/v1/node-connections/n1/n2"},
	prop.ResourceConnection: {"PUT", "/v1/resource-definitions/data/resource-connections/n1/n2"},
}

// optionValues are values of options that take text.
var optionValues = map[string]string{"cpu-mask": "f", "verify-alg": "md5", "csums-alg": "md5", "data-integrity-alg": "md5",
	"cram-hmac-alg": "sha256", "transport": "tcp", "shared-secret": "c29tZXRoaW5n", "bitmap": "yes", "quorum": "majority",
	"quorum-minimum-redundancy": "majority", "block-size": "4096", "auto-promote": "yes"}

// optionsOf gives every DRBD option that an object takes a value.
func optionsOf(class prop.Class) map[string]string {
	out := map[string]string{}
	for _, p := range prop.List(class) {
		parts := strings.Split(p.Key, "/")
		if len(parts) != 3 || parts[0] != "DrbdOptions" || strings.HasPrefix(parts[1], "Proxy") || p.ReadOnly != "" {
			continue
		}
		if parts[2] == "resync-after" || class == prop.Node && parts[2] == "quorum" {
			continue // the first names another volume, the second is decided for all nodes at once
		}
		value, given := optionValues[parts[2]]
		switch r := p.Rule; {
		case given:
		case len(r.Symbols) > 0:
			value = r.Symbols[len(r.Symbols)-1]
		case r.Kind == prop.KindYesNo && p.Default == "yes":
			value = "no"
		case r.Kind == prop.KindYesNo:
			value = "yes"
		case r.Kind == prop.KindRange && strconv.FormatInt(r.Min, 10) == p.Default:
			value = strconv.FormatInt(r.Max, 10)
		case r.Kind == prop.KindRange:
			value = strconv.FormatInt(r.Min, 10)
		default:
			value = "/bin/true"
		}
		out[p.Key] = value
	}
	return out
}

func resFile(t *testing.T, c *Cluster, node string) string {
	t.Helper()
	text, err := c.Node(node).Machine.ReadFile(context.Background(), "/var/lib/linstor.d/data.res")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(text), "resource \"")
	return body
}

// TestEveryOptionOnEveryObject sets each DRBD option on each object that takes it. It
// reaches the file for DRBD, or the user is told why it cannot, and leaves it again.
func TestEveryOptionOnEveryObject(t *testing.T) {
	for _, class := range prop.Classes() {
		values := optionsOf(class)
		if len(values) == 0 {
			continue
		}
		t.Run(string(class), func(t *testing.T) {
			var text string
			synctest.Test(t, func(t *testing.T) { text = setOptions(t, class, values) })
			realDump(t, text)
		})
	}
}

func setOptions(t *testing.T, class prop.Class, values map[string]string) string {
	call, ok := optionObjects[class]
	if !ok {
		t.Fatalf("%s takes DRBD options, and the test does not know it", class)
	}
	c := replicated(t, 2)
	defer c.Close()
	count := v1.FlexInt(2)
	c.Must("POST", "/v1/resource-groups", v1.ResourceGroup{Name: "opts", SelectFilter: &v1.AutoSelectFilter{PlaceCount: &count}})
	c.Must("POST", "/v1/resource-groups/opts/volume-groups", v1.VolumeGroup{})
	spawn(c, "opts", "data")
	awaitDisks(t, c, "data", map[string]string{"n1": up, "n2": up})
	time.Sleep(time.Minute) // simulated time
	before := resFile(t, c, "n1")
	c.Must(call[0], call[1], v1.VolumeModify{OverrideProps: values})
	time.Sleep(time.Minute) // simulated time
	text := resFile(t, c, "n1")
	st, _ := c.World().ResourceStatus.Get("data", "n1")
	for key, value := range values {
		name := key[strings.LastIndexByte(key, '/')+1:]
		written := strings.Contains(text, " "+name+" "+value+";") || strings.Contains(text, " "+name+" \""+value+"\";")
		warned := slices.ContainsFunc(st.DRBD.Warnings, func(w string) bool { return strings.Contains(w, " "+name+" ") })
		if written == warned {
			t.Errorf("%s = %s: in the file %v, warned %v", key, value, written, warned)
		}
	}
	if st.Problem != nil {
		t.Errorf("the replica has a problem: %+v", st.Problem)
	}
	var keys []string
	for key := range values {
		keys = append(keys, key)
	}
	c.Must(call[0], call[1], v1.VolumeModify{DeleteProps: keys})
	time.Sleep(time.Minute) // simulated time
	if after := resFile(t, c, "n1"); after != before {
		t.Errorf("after all was unset the file is\n%s\nbefore it was\n%s", after, before)
	}
	return "resource \"" + text
}

// realDump lets the installed drbdadm read a file, where there is one.
func realDump(t *testing.T, text string) {
	t.Helper()
	if !tools.Have(t, "drbdadm") {
		t.Log("not read by the real drbdadm: it is not installed, or this is not root")
		return
	}
	path := filepath.Join(t.TempDir(), "data.res")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("drbdadm", "-c", path, "dump", "data")
	cmd.Env = append(os.Environ(), "__DRBD_NODE__=n1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("drbdadm does not read it: %v\n%s\n%s", err, out, text)
	}
}
