package scenario

import (
	"context"
	"strings"
	"testing"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// must runs a command that has to succeed and gives its trimmed output.
func must(ctx context.Context, t *testing.T, n *vm.Node, argv ...string) string {
	t.Helper()
	out, err := n.Run(ctx, argv...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// script runs a shell script that has to succeed and gives its trimmed output.
func script(ctx context.Context, t *testing.T, n *vm.Node, text string) string {
	t.Helper()
	out, err := n.Shell(ctx, text)
	if err != nil {
		t.Fatalf("%v\noutput so far:\n%s", err, out)
	}
	return strings.TrimSpace(out)
}

// everywhere runs a script on all machines at once; "$HOSTNAME" tells them apart.
func everywhere(ctx context.Context, t *testing.T, l *vm.Lab, text string) {
	t.Helper()
	err := l.Each(ctx, func(ctx context.Context, n *vm.Node) error {
		_, err := n.Shell(ctx, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// do fails the scenario on an error of the lab.
func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// thinPool makes a volume group with a thin pool on the first data disk.
const thinPool = `
vgcreate -qq vg /dev/disk/by-id/virtio-$(hostname)-data1
lvcreate -qq --type thin-pool --zero n -L 1G -n pool vg
udevadm settle
`
