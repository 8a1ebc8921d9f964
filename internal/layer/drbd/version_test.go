package drbd_test

import (
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/internal/layer/drbd"
)

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]string{
		"9.2.18": "9.2.18", "9.34.0-rc.1": "9.34.0", " 9.3.3 (api:2)": "9.3.3", "9.2": "9.2.0", "0": "unknown", "": "unknown", "v9.2.1": "unknown",
	} {
		if v, ok := drbd.ParseVersion(in); v.String() != want || ok != (want != "unknown") {
			t.Errorf("%q is %s, %v, want %s", in, v, ok, want)
		}
	}
	for _, f := range []func(string) (drbd.Version, error){drbd.ParseProcDRBD, drbd.ParseModuleVersion} {
		if v, err := f("no version here"); err == nil {
			t.Errorf("read %v from nothing", v)
		}
	}
	if v, err := drbd.ParseModuleVersion("9.3.3\n"); err != nil || v != newest.Kernel {
		t.Errorf("module %v, %v", v, err)
	}
	if tools, err := drbd.ParseAdmVersion("DRBD_KERNEL_VERSION=0\nDRBDADM_VERSION=9.22.0\n"); err != nil || tools.Kernel.Known() || tools.Utils != debian.Utils {
		t.Errorf("without a module: %+v, %v", tools, err)
	}
}

func TestAdvisories(t *testing.T) {
	for kernel, want := range map[string]string{
		"9.2.18": "module-divergence", "9.2.19": "", "9.2.20": "", "9.3.0": "module-divergence", "9.3.2": "module-divergence", "9.3.3": "", "9.4.0": "",
		"9.1.23": "module-divergence", "9.0.17": "module-no-quorum module-divergence", "8.4.11": "module-old!", "": "module-missing!",
	} {
		v, _ := drbd.ParseVersion(kernel)
		var got []string
		for _, a := range drbd.Advisories(drbd.Tools{Kernel: v, Utils: debian.Utils}) {
			if a.Text == "" || a.Fix == "" {
				t.Errorf("%s: no words: %+v", kernel, a)
			}
			id := a.ID
			if a.Blocking {
				id += "!"
			}
			got = append(got, id)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %q, want %q", kernel, s, want)
		}
	}
	if a := drbd.Advisories(drbd.Tools{Kernel: newest.Kernel}); len(a) != 1 || a[0].ID != "utils-missing" {
		t.Errorf("without tools: %+v", a)
	}
}

func TestShowSecrets(t *testing.T) {
	for name, want := range map[string]string{"show.json": "r0:s3cr3t", "show-r1-two-paths.json": "r1:abc"} {
		got, err := drbd.ParseShowSecrets(sample(t, name))
		res, secret, _ := strings.Cut(want, ":")
		if err != nil || got[res] != secret {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := drbd.ParseShowSecrets([]byte(`[{"connections":"s3cr3t"}]`)); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("got %v", err)
	}
}
