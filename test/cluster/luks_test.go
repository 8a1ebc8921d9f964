package cluster

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/model"
	"github.com/holdfast-storage/holdfast/internal/sim"
)

const luksOfWeb = "/dev/mapper/Linstor-Crypt-web_00000"

// awaitSize waits until a device has a size; −1 is none.
func awaitSize(t *testing.T, m *sim.Machine, device string, open bool) {
	t.Helper()
	for range 600 {
		if (m.DeviceSize(device) >= 0) == open {
			return
		}
		time.Sleep(100 * time.Millisecond) // simulated time
	}
	t.Fatalf("%s: open is not %v", device, open)
}

// An encrypted volume is made, stays locked after its host and the controller were
// started anew, says so, opens with the master passphrase, takes another passphrase
// of its own and goes. No passphrase is in a command, nor in what is stored.
func TestEncryptedVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(t, testLog(t))
		c.Network = sim.NewNetwork()
		n := c.AddNode("n1", 64<<20)
		c.StartController()
		defer c.Close()
		c.Register("n1")
		const path = "/v1/encryption/passphrase"
		c.Must("POST", "/v1/resource-definitions", v1.ResourceDefinitionCreate{ResourceDefinition: &v1.ResourceDefinition{Name: "web",
			LayerData: []v1.ResourceDefinitionLayer{{Type: v1.LayerTypeLuks}, {Type: v1.LayerTypeStorage}}}})
		c.Must("POST", "/v1/resource-definitions/web/volume-definitions", v1.VolumeDefinitionCreate{VolumeDefinition: &v1.VolumeDefinition{SizeKiB: 65536}})
		add := []v1.ResourceCreate{{Resource: &v1.Resource{NodeName: "n1", Props: map[string]string{"StorPoolName": "pool"}}}}
		if status, body := c.Call("POST", "/v1/resource-definitions/web/resources", add); status < 400 || !strings.Contains(string(body), "create-passphrase") {
			t.Errorf("without a master passphrase: %d %s", status, body)
		}
		c.Must("POST", path, v1.PassPhraseCreate{NewPassphrase: "hush"})
		c.Must("POST", "/v1/resource-definitions/web/resources", add)
		awaitSize(t, n.Machine, luksOfWeb, true)
		if got := n.Machine.DeviceSize(luksOfWeb) >> 10; got < 65536 {
			t.Errorf("%d KiB can be used", got)
		}
		if err := n.Machine.SetMark(luksOfWeb, sim.MarkData, "precious"); err != nil {
			t.Fatal(err)
		}

		c.StopController()
		n.Stop()
		n.Machine.PowerLoss(0)
		n.Machine.Restart()
		n.Start(slog.New(slog.DiscardHandler))
		c.StartController()
		time.Sleep(30 * time.Second) // simulated time
		awaitSize(t, n.Machine, luksOfWeb, false)
		st, ok := c.World().ResourceStatus.Get("web", "n1")
		if !ok || st.Progress != model.ProgressWorking || !strings.Contains(st.Doing, "enter-passphrase") {
			t.Errorf("status of a locked volume: %+v", st)
		}
		c.Must("PATCH", path, "hush")
		awaitSize(t, n.Machine, luksOfWeb, true)
		if got := n.Machine.Mark(luksOfWeb, sim.MarkData); got != "precious" {
			t.Errorf("data after a reboot: %q", got)
		}

		c.Must("PUT", "/v1/resource-definitions/web/volume-definitions/0/encryption-passphrase", v1.VolumeDefinitionModifyPassphrase{NewPassphrase: "hush-own"})
		for range 100 {
			time.Sleep(100 * time.Millisecond) // simulated time
			if r, _ := c.World().Resources.Get("web", "n1"); r.Volumes[0].FormerKey == "" {
				break
			}
		}
		if r, _ := c.World().Resources.Get("web", "n1"); r.Volumes[0].FormerKey != "" {
			t.Error("the change of passphrase has no end")
		}
		if body := string(Get[json.RawMessage](c, "/v1/view/resources")); strings.Contains(body, "hush") {
			t.Errorf("a passphrase shows in %s", body)
		}
		for _, r := range n.Machine.Commands() {
			if strings.Contains(r.String(), "hush") {
				t.Errorf("a passphrase in %s", r)
			}
		}
		c.Must("DELETE", "/v1/resource-definitions/web", nil)
		awaitSize(t, n.Machine, luksOfWeb, false)
	})
}
