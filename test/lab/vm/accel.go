package vm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/wire"
)

const (
	accelKVM = "kvm"
	accelTCG = "tcg"
)

// probePatience is how long a guest may take to reach user space under KVM,
// which takes a second where it works. Broken nesting hangs instead of failing.
const probePatience = 15 * time.Second

// accel is how machines are run, in QEMU's words.
type accel struct{ Accel, CPU string }

var emulation = accel{"tcg,thread=multi,tb-size=512", "max"}

// candidates are tried in order; some nested hosts offer a CPU feature that
// cannot be set.
var candidates = []accel{
	{accelKVM, "host"},
	{accelKVM, "host,-arch-capabilities"},
}

// chooseAccel finds KVM by booting a guest with it, else takes emulation. The
// outcome is kept until the host boots again.
func chooseAccel(ctx context.Context, c Config, img image, initrd string) (accel, error) {
	if c.Accel == accelTCG {
		return emulation, nil
	}
	key, err := accelKey(ctx, img, c.Accel)
	if err != nil {
		return accel{}, err
	}
	note := filepath.Join(c.CacheDir, "accel-"+key)
	var known accel
	if data, err := os.ReadFile(note); err == nil && json.Unmarshal(data, &known) == nil {
		return known, nil
	}
	found, err := probeAll(ctx, c, img, initrd)
	if err != nil {
		return accel{}, err
	}
	data, err := json.Marshal(found)
	if err != nil {
		return accel{}, fmt.Errorf("encode acceleration: %w", err)
	}
	if err := os.WriteFile(note, data, 0o644); err != nil {
		return accel{}, fmt.Errorf("note acceleration: %w", err)
	}
	return found, nil
}

func accelKey(ctx context.Context, img image, forced string) (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("identify this boot of the host: %w", err)
	}
	version, err := run(ctx, "qemu-system-x86_64", "--version")
	if err != nil {
		return "", err
	}
	return keyOf(string(boot), version, img.key, forced), nil
}

func probeAll(ctx context.Context, c Config, img image, initrd string) (accel, error) {
	var reasons []error
	if f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err != nil {
		reasons = append(reasons, err)
	} else {
		f.Close()
		for _, a := range candidates {
			err := probe(ctx, a, img, initrd)
			if err == nil {
				return a, nil
			}
			if ctx.Err() != nil {
				return accel{}, ctx.Err()
			}
			reasons = append(reasons, err)
		}
	}
	why := errors.Join(reasons...)
	if c.Accel == accelKVM {
		return accel{}, fmt.Errorf("HOLDFAST_LAB_ACCEL asks for KVM, but no guest boots with it: %w", why)
	}
	c.Log.Info("no guest boots with KVM here, machines are emulated", "cause", why)
	return emulation, nil
}

// probe boots kernel and agent to user space and looks for the agent's word.
func probe(ctx context.Context, a accel, img image, initrd string) error {
	ctx, cancel := context.WithTimeout(ctx, probePatience)
	defer cancel()
	args := append(hardware(a), "-nic", "none", "-kernel", img.kernel(), "-initrd", initrd,
		"-append", kernelArguments+" "+wire.ProbeArgument, "-serial", "stdio")
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if strings.Contains(out.String(), wire.ProbeMarker) {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s, CPU %s: the guest did not reach user space within %s", a.Accel, a.CPU, probePatience)
	}
	return fmt.Errorf("%s, CPU %s: the guest did not reach user space: %w: %s", a.Accel, a.CPU, err, tail(errs.String(), 2))
}
