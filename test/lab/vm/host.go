package vm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// tools maps each program the lab starts on the host to its Debian package.
var tools = []struct{ program, pkg string }{
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"qemu-img", "qemu-utils"},
	{"mmdebstrap", "mmdebstrap"},
	{"mke2fs", "e2fsprogs"},
	{"ip", "iproute2"},
	{"bridge", "iproute2"},
}

// prepareHost makes sure that machines can be built and run here, installing
// what is missing where that is possible.
func prepareHost(ctx context.Context, c Config) error {
	if os.Geteuid() != 0 {
		return errors.New("the VM lab has to run as root: it makes a network namespace, bridges and taps; use sudo make lab")
	}
	missing := missingPackages()
	if len(missing) == 0 {
		return nil
	}
	advice := "apt-get install --no-install-recommends " + strings.Join(missing, " ")
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("the VM lab needs programs this host lacks; install them, on Debian with: %s", advice)
	}
	c.Log.Info("installing packages the lab needs", "packages", missing)
	if _, err := run(ctx, "apt-get", "update"); err != nil {
		return fmt.Errorf("install what the lab needs (try yourself: %s): %w", advice, err)
	}
	args := append([]string{"DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"}, missing...)
	if _, err := run(ctx, "env", args...); err != nil {
		return fmt.Errorf("install what the lab needs (try yourself: %s): %w", advice, err)
	}
	if missing := missingPackages(); len(missing) > 0 {
		return fmt.Errorf("programs are still missing after the installation of %s", strings.Join(missing, ", "))
	}
	return nil
}

func missingPackages() []string {
	var missing []string
	seen := map[string]bool{}
	for _, t := range tools {
		if _, err := exec.LookPath(t.program); err != nil && !seen[t.pkg] {
			seen[t.pkg] = true
			missing = append(missing, t.pkg)
		}
	}
	return missing
}

// run runs a program on the host to its end and gives its output.
func run(ctx context.Context, name string, args ...string) (string, error) {
	return runInput(ctx, "", name, args...)
}

func runInput(ctx context.Context, stdin, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, tail(errs.String(), 15))
	}
	return out.String(), nil
}

// tail gives the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}
