package prop

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/api/v1"
)

func TestCheckAccepts(t *testing.T) {
	for _, tt := range []struct {
		class            Class
		key, value, kept string
	}{
		{Controller, "DrbdOptions/auto-add-quorum-tiebreaker", "True", "true"},
		{ResourceDefinition, "DrbdOptions/ExactSize", "no", "false"},
		{ResourceDefinition, "DrbdOptions/Net/allow-two-primaries", "YES", "yes"},
		{ResourceDefinition, "DrbdOptions/Net/allow-two-primaries", "false", "no"},
		{Resource, "DrbdOptions/SkipDisk", "true", "True"},
		{ResourceGroup, "DrbdOptions/Resource/quorum", "Majority", "majority"},
		{ResourceGroup, "DrbdOptions/Resource/quorum", "3", "3"},
		{ResourceConnection, "DrbdOptions/Net/protocol", "c", "C"},
		{Controller, "DrbdOptions/PeerDevice/c-max-rate", "100M", "100M"},
		{Controller, "DrbdOptions/PeerDevice/c-max-rate", "4G", "4G"},
		{Controller, "DrbdOptions/PeerDevice/c-fill-target", "512M", "512M"},
		{Controller, "DrbdOptions/Net/sndbuf-size", "512k", "512k"},
		{Controller, "DrbdOptions/Net/sndbuf-size", "0", "0"},
		{Volume, "DrbdOptions/Disk/al-extents", "0067", "67"},
		{Node, "Aux/topology/kubernetes.io/hostname", "n1", "n1"},
		{Snapshot, "Aux/note", "two\nlines", "two\nlines"},
		{Node, "/Aux//x/", "", ""},
		{Controller, "TcpPortAutoRange", "7002 - 7010, 7000-7001 8000", "7000-7010,8000"},
		{Controller, "MinorNrAutoRange", "1000-1999", "1000-1999"},
		{Node, "TcpPortsBlocked", "7005", "7005"},
		{Controller, "MaxOversubscriptionRatio", "1.5", "1.5"},
		{Controller, "Autoplacer/MinThinFreeSpace", "50 GiB", "50 GiB"},
		{Controller, "Autoplacer/Weights/MyOwn", "0.5", "0.5"},
		{ResourceConnection, "Paths/p1/node-a.example.com", "eth1", "eth1"},
		{ResourceDefinition, "files//etc/app.conf", "True", "true"},
		{StoragePool, "StorDriver/StorPoolName", "vg0/thin.pool", "vg0/thin.pool"},
		{VolumeDefinition, "StorPoolNameDrbdMeta", ".internal", ".internal"},
		{VolumeDefinition, "StorPoolNameDrbdMeta", "", ""},
		{VolumeDefinition, "Cache/Cachesize", "5%", "5%"},
		{VolumeGroup, "Cache/Policy/migration_threshold", "100", "100"},
		{Controller, "BackupShipping/MaxConcurrentBackupsPerNode", "-1", "-1"},
	} {
		kept, f := Check(tt.class, tt.key, tt.value)
		if f != nil || kept != tt.kept {
			t.Errorf("%s %s=%q gives %q, %v", tt.class, tt.key, tt.value, kept, f)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	for _, tt := range []struct {
		class      Class
		key, value string
		// what the answer must tell
		message, cause, correction string
	}{
		{ResourceDefinition, "DrbdOptions/Net/protcol", "C", "protcol", "not known", "DrbdOptions/Net/protocol"},
		{ResourceDefinition, "quorum", "off", "quorum", "not known", "DrbdOptions/Resource/quorum"},
		{ResourceDefinition, "my-own", "x", "a resource definition", "not known", "Aux/my-own"},
		{Node, "DrbdOptions/Net/protocol", "C", "a node", "other objects", "a resource connection"},
		{Node, "NodeUname", "x", "NodeUname", "system", "Leave it out"},
		{Volume, "Satellite/Device/Symlinks/0", "/dev/x", "Symlinks", "system", "Leave"},
		{Controller, "DrbdOptions/Net/ping-int", "121", "'121'", "out of range", "1 to 120"},
		{Controller, "DrbdOptions/Net/ping-int", "1d", "'1d'", "not a whole number", "(seconds)"},
		{Controller, "DrbdOptions/PeerDevice/c-max-rate", "5G", "'5G'", "out of range", "in KiB"},
		{Controller, "DrbdOptions/PeerDevice/c-max-rate", "1kk", "'1kk'", "more than one unit", ""},
		{Controller, "DrbdOptions/Net/sndbuf-size", "99999999999999999999G", "", "not a whole number", ""},
		{Controller, "DrbdOptions/Net/sndbuf-size", "9000000000000000000G", "", "out of range", ""},
		{Controller, "DrbdOptions/Net/sndbuf-size", "-1", "", "not a whole number", ""},
		{Controller, "DrbdOptions/Resource/quorum", "33", "'33'", "out of range", "1 to 32, or off, majority or all"},
		{Controller, "DrbdOptions/Net/protocol", "D", "'D'", "none of the known words", "A, B or C"},
		{Controller, "DrbdOptions/auto-verify-algo-disable", "maybe", "'maybe'", "neither true nor false", "true or false"},
		{Controller, "TcpPortAutoRange", "7999-7000", "", "ends before it starts", "7000-7999"},
		{Controller, "TcpPortAutoRange", "0-10", "", "between 1 and 65535", ""},
		{Controller, "MinorNrAutoRange", "1-2,5-6", "", "more than one range", ""},
		{Controller, "MaxOversubscriptionRatio", "NaN", "", "out of range", "0 to 1000"},
		{Controller, "MaxOversubscriptionRatio", "lots", "", "not a number", ""},
		{StoragePool, "StorDriver/StorPoolName", "-vg", "'-vg'", "right form", "not '-'"},
		{Controller, "DrbdOptions/Handlers/fence-peer", "a\nb", "", "control character", ""},
		{ResourceConnection, "Paths/p1", "eth0", "", "node is missing", "Paths/<path>/<node>"},
		{ResourceConnection, "Paths/p1/a/b", "eth0", "", "form Paths/<path>/<node>", ""},
		{ResourceDefinition, "files/etc/../shadow", "true", "", "path of a file", ""},
		{Controller, strings.Repeat("x", 257), "1", "", "longer than 256", ""},
		{Controller, "//", "1", "", "empty", ""},
		{Controller, "Aux", "1", "", "not known", ""},
	} {
		_, f := Check(tt.class, tt.key, tt.value)
		if f == nil {
			t.Errorf("%s %s=%q is accepted", tt.class, tt.key, tt.value)
			continue
		}
		if f.Code != v1.FailInvalidProp || f.Correction == "" {
			t.Errorf("%s: code %x, correction %q", tt.key, f.Code, f.Correction)
		}
		if !strings.Contains(f.Message, tt.message) || !strings.Contains(f.Cause, tt.cause) || !strings.Contains(f.Correction, tt.correction) {
			t.Errorf("%s=%s:\n%s\n%s\n%s", tt.key, tt.value, f.Message, f.Cause, f.Correction)
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	const secret = "hunter2\x00"
	for _, class := range Classes() {
		for _, p := range List(class) {
			if !p.Secret {
				continue
			}
			_, f := Check(class, p.Key, secret)
			if f == nil {
				t.Errorf("%s takes a control character", p.Key)
				continue
			}
			if strings.Contains(f.Error()+f.Correction+f.Details, "hunter2") {
				t.Errorf("%s shows its value: %v", p.Key, f)
			}
			if !IsSecret(p.Key) {
				t.Errorf("%s is not known as a secret", p.Key)
			}
		}
	}
	_, changes, f := Modify(Controller, map[string]string{"DrbdOptions/Net/shared-secret": "first"},
		map[string]string{"DrbdOptions/Net/shared-secret": "second"}, nil, nil)
	if f != nil || len(changes) != 1 {
		t.Fatal(changes, f)
	}
	if rc := changes[0].RC(); strings.Contains(rc.Message+rc.Details, "first") || strings.Contains(rc.Message+rc.Details, "second") {
		t.Errorf("%+v", rc)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("DrbdOptions/PeerDevice/c-max-rate", "100M")
	f.Add("TcpPortAutoRange", "7000-7999, 8100")
	f.Add("//Aux/x", "é")
	f.Fuzz(func(t *testing.T, key, value string) {
		for _, class := range Classes() {
			kept, refused := Check(class, key, value)
			if refused != nil {
				if refused.Correction == "" || refused.Cause == "" || refused.Message == "" {
					t.Fatalf("%q=%q is refused without help: %+v", key, value, refused)
				}
				continue
			}
			if again, refused := Check(class, key, kept); refused != nil || again != kept {
				t.Fatalf("%q=%q is kept as %q, which gives %q, %v", key, value, kept, again, refused)
			}
		}
	})
}
