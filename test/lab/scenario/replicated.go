package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-storage/holdfast/test/lab/vm"
)

// replicas is the resource group of replicated volumes with three copies, pair the
// one with two.
const (
	replicas = "replicas"
	pair     = "pair"
)

// bringUpReplicated starts the product with groups whose volumes DRBD replicates.
func bringUpReplicated(ctx context.Context, t *testing.T, l *vm.Lab) cluster {
	t.Helper()
	c := bringUp(ctx, t, l)
	c.client(ctx, t, "resource-group", "create", replicas, "--place-count", "3", "--storage-pool", pool)
	c.client(ctx, t, "volume-group", "create", replicas)
	c.client(ctx, t, "resource-group", "create", pair, "--place-count", "2", "--storage-pool", pool)
	c.client(ctx, t, "volume-group", "create", pair)
	return c
}

// threeCopies makes a volume with a copy on each machine.
func threeCopies(ctx context.Context, t *testing.T, l *vm.Lab) cluster {
	t.Helper()
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "40M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	return c
}

// reads compares the sums of what machines read of the volume with that of what was written.
func (c cluster) reads(ctx context.Context, t *testing.T, want string, nodes ...int) {
	t.Helper()
	for _, n := range nodes {
		if got := sum(ctx, t, c.lab.Node(n), c.device(ctx, t, c.lab.Node(n), "vol")); got != want {
			t.Errorf("node %d reads %s, want %s", n, got, want)
		}
	}
}

// cannotWrite tries to use a machine that has old data.
func cannotWrite(ctx context.Context, t *testing.T, n *vm.Node, dev string) {
	t.Helper()
	if out, err := n.Shell(ctx, "dd if=/dev/zero of="+dev+" bs=64k count=1 oflag=direct status=none"); err == nil {
		t.Errorf("a node with old data could write: %s\n%s", out, must(ctx, t, n, "drbdsetup", "status", "vol", "--verbose"))
	}
}

// twoCopiesAndClient makes a volume with copies on n2 and n3, and n1 without a disk.
func twoCopiesAndClient(ctx context.Context, t *testing.T, l *vm.Lab) cluster {
	t.Helper()
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n1", "vol", "--drbd-diskless")
	c.awaitDisks(ctx, t, "vol", diskless, upToDate, upToDate)
	c.awaitListed(ctx, t, "vol", 2)
	return c
}

// awaitListed waits until the product calls so many copies up to date.
func (c cluster) awaitListed(ctx context.Context, t *testing.T, resource string, copies int) {
	t.Helper()
	c.await(ctx, t, "copies that the product knows to be good", func() (bool, string) {
		out := c.client(ctx, t, "--no-color", "resource", "list", "-r", resource)
		return strings.Count(out, upToDate) == copies, out
	})
}

// answers lets a node answer another one again, or drops whatever it would say to it.
func answers(ctx context.Context, t *testing.T, from, to *vm.Node, on bool) {
	t.Helper()
	verb := "add"
	if on {
		verb = "del"
	}
	must(ctx, t, from, "ip", "route", verb, "blackhole", to.Addr(vm.NetA)+"/32")
}

// kernelResource is what drbdsetup tells: the kernel's word, not the product's.
type kernelResource struct {
	Name    string `json:"name"`
	Role    string `json:"role"`
	Devices []struct {
		Minor int    `json:"minor"`
		Disk  string `json:"disk-state"`
	} `json:"devices"`
	Connections []struct {
		State string `json:"connection-state"`
	} `json:"connections"`
}

func (c cluster) kernel(ctx context.Context, t *testing.T, n *vm.Node) map[string]kernelResource {
	t.Helper()
	var list []kernelResource
	out := must(ctx, t, n, "drbdsetup", "status", "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil {
		t.Fatalf("drbdsetup status on %s: %v: %s", n.Name(), err, out)
	}
	all := map[string]kernelResource{}
	for _, r := range list {
		all[r.Name] = r
	}
	return all
}

// awaitDisks waits until the kernels of the machines show these disk states of a
// resource, by machine; "" means that the resource is not there.
func (c cluster) awaitDisks(ctx context.Context, t *testing.T, resource string, want ...string) {
	t.Helper()
	c.await(ctx, t, fmt.Sprintf("%s with the disks %q", resource, want), func() (bool, string) {
		var got []string
		for _, n := range c.lab.Nodes()[:len(want)] {
			got = append(got, c.kernel(ctx, t, n)[resource].disk())
		}
		return slices.Equal(got, want), fmt.Sprintf("%q", got)
	})
}

// disk is the state of the first volume's disk, with every connection that is not up;
// "" means that the resource is not there.
func (r kernelResource) disk() string {
	if r.Name == "" {
		return ""
	}
	state := "none"
	if len(r.Devices) > 0 {
		state = r.Devices[0].Disk
	}
	for _, l := range r.Connections {
		if l.State != "Connected" {
			state += " " + l.State
		}
	}
	return state
}

// device is the path of a resource's first volume.
func (c cluster) device(ctx context.Context, t *testing.T, n *vm.Node, resource string) string {
	t.Helper()
	r, ok := c.kernel(ctx, t, n)[resource]
	if !ok || len(r.Devices) == 0 {
		t.Fatalf("%s has no device of %s", n.Name(), resource)
	}
	return fmt.Sprintf("/dev/drbd%d", r.Devices[0].Minor)
}

const (
	upToDate = "UpToDate"
	diskless = "Diskless"
)

// failover: what was written through one node is read through another after the
// first has lost its power, and the first catches up when it is back.
func failover(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "100M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	dev := c.device(ctx, t, l.Node(2), "vol")
	sum := script(ctx, t, l.Node(2), "mkfs.ext4 -q "+dev+" && mount "+dev+` /mnt
dd if=/dev/urandom of=/mnt/data bs=1M count=20 conv=fsync status=none
sha256sum </mnt/data`)
	l.Node(2).PowerOff()
	got := script(ctx, t, l.Node(3), `
for i in $(seq 600); do mount `+c.device(ctx, t, l.Node(3), "vol")+` /mnt 2>/run/why && break; sleep 0.1; done
mountpoint -q /mnt || { cat /run/why; drbdadm status vol; exit 1; } >&2
sha256sum </mnt/data
dd if=/dev/urandom of=/mnt/more bs=1M count=20 conv=fsync status=none`)
	if got != sum {
		t.Errorf("node 3 reads %s, node 2 wrote %s", got, sum)
	}
	do(t, l.Node(2).PowerOn(ctx))
	do(t, l.Node(2).StartSatellite(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	more := script(ctx, t, l.Node(3), "sha256sum </mnt/more; umount /mnt")
	if got := script(ctx, t, l.Node(2), "mount "+dev+" /mnt; sha256sum </mnt/more; umount /mnt"); got != more {
		t.Errorf("after the resync node 2 reads %s, node 3 wrote %s", got, more)
	}
	c.awaitUnused(ctx, t, "vol")
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitDisks(ctx, t, "vol", "", "", "")
	c.awaitVolumes(ctx, t, nil)
}

// awaitUnused waits until the product has heard from all machines that a resource is
// unmounted.
func (c cluster) awaitUnused(ctx context.Context, t *testing.T, resource string) {
	t.Helper()
	c.await(ctx, t, resource+" unused", func() (bool, string) {
		out := c.client(ctx, t, "-m", "--output-version", "v1", "resource", "list", "-r", resource)
		var replicas []struct {
			State struct {
				InUse *bool `json:"in_use"`
			} `json:"state"`
		}
		if err := decodeList(out, &replicas); err != nil {
			return false, err.Error()
		}
		for _, r := range replicas {
			if r.State.InUse == nil || *r.State.InUse {
				return false, out
			}
		}
		return len(replicas) > 0, out
	})
}

// quorumLost: a primary that is cut off does not go on writing, and goes on when it
// is back.
func quorumLost(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "set-property", replicas, "DrbdOptions/Resource/on-no-quorum", "io-error")
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "64M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	dev := c.device(ctx, t, l.Node(3), "vol")
	write := "dd if=/dev/zero of=" + dev + " bs=64k count=1 oflag=direct status=none"
	script(ctx, t, l.Node(3), write)
	do(t, l.Isolate(ctx, 3))
	c.await(ctx, t, "no quorum on the node that is cut off", func() (bool, string) {
		out, _ := l.Node(3).Shell(ctx, "drbdsetup status vol --verbose")
		return strings.Contains(out, "quorum:no"), out
	})
	if out, err := l.Node(3).Shell(ctx, write); err == nil {
		t.Errorf("a node without quorum could write: %s", out)
	}
	script(ctx, t, l.Node(2), write)
	do(t, l.Heal(ctx))
	c.awaitOnline(ctx, t)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	script(ctx, t, l.Node(3), write)
}

// load writes checked files to a mounted volume until it is told to stop, and notes
// the longest pause between two writes.
const load = `
cat >/run/load.sh <<'END'
i=0; last=$(date +%s%N); longest=0
while [ -e /run/load ]; do
	i=$((i+1))
	dd if=/dev/urandom of=/mnt/f$((i%8)) bs=64k count=4 conv=fsync status=none || { echo failed >/run/load-failed; exit 1; }
	now=$(date +%s%N); pause=$(( (now-last)/1000000 )); last=$now
	[ $pause -gt $longest ] && longest=$pause
	echo $i $longest >/run/load-count
done
(cd /mnt && sha256sum f? >sums && sync)
END
rm -f /run/load-failed; touch /run/load; echo 0 0 >/run/load-count
setsid bash /run/load.sh >/run/load.log 2>&1 </dev/null &
echo $! >/run/load.pid`

// startLoad mounts a volume on a machine and begins to write to it.
func (c cluster) startLoad(ctx context.Context, t *testing.T, n *vm.Node, resource string) {
	t.Helper()
	dev := c.device(ctx, t, n, resource)
	script(ctx, t, n, "mkfs.ext4 -q "+dev+" && mount "+dev+" /mnt"+load)
	c.awaitWrites(ctx, t, n)
}

// awaitWrites waits for new writes, which shows that nothing holds them up.
func (c cluster) awaitWrites(ctx context.Context, t *testing.T, n *vm.Node) {
	t.Helper()
	script(ctx, t, n, `
read from pause </run/load-count
for i in $(seq 600); do
	read now pause </run/load-count || continue
	[ "${now:-0}" -ge $((from+3)) ] && exit 0
	[ -e /run/load-failed ] && break
	sleep 0.1
done
echo "no more writes: $(cat /run/load-count /run/load.log); $(drbdsetup status --verbose)" >&2; exit 1`)
}

// stopLoad ends the writing and unmounts.
func (c cluster) stopLoad(ctx context.Context, t *testing.T, n *vm.Node) {
	t.Helper()
	out := script(ctx, t, n, `
rm -f /run/load
while kill -0 $(cat /run/load.pid) 2>/dev/null; do sleep 0.1; done
[ ! -e /run/load-failed ] || { cat /run/load.log >&2; exit 1; }
umount /mnt
read writes pause </run/load-count; echo "$writes writes, longest pause $pause ms"`)
	t.Logf("load on %s: %s", n.Name(), out)
}

// verify reads on a machine all that the load has written.
func (c cluster) verify(ctx context.Context, t *testing.T, n *vm.Node, resource string) {
	t.Helper()
	dev := c.device(ctx, t, n, resource)
	script(ctx, t, n, "mount -o ro "+dev+" /mnt && (cd /mnt && sha256sum --quiet -c sums); r=$?; umount /mnt; exit $r")
}

// toggleMigrate: replicas are added, removed, made diskless and diskful, and moved
// while the volume is written to; the data is the same everywhere.
func toggleMigrate(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "False")
	c.client(ctx, t, "volume-definition", "create", "vol", "100M")
	c.client(ctx, t, "resource", "create", "n1", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n2", "vol", "--storage-pool", pool)
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, "")
	c.startLoad(ctx, t, l.Node(1), "vol")
	step := func(what string, want ...string) {
		t.Helper()
		c.client(ctx, t, strings.Fields(what)...)
		c.awaitDisks(ctx, t, "vol", want...)
		c.awaitWrites(ctx, t, l.Node(1))
	}
	step("resource create n3 vol --drbd-diskless", upToDate, upToDate, diskless)
	step("resource toggle-disk n3 vol --storage-pool "+pool, upToDate, upToDate, upToDate)
	step("resource toggle-disk n2 vol --diskless", upToDate, diskless, upToDate)
	step("resource delete n2 vol", upToDate, "", upToDate)
	step("resource create n2 vol --drbd-diskless", upToDate, diskless, upToDate)
	step("resource toggle-disk n2 vol --storage-pool "+pool+" --migrate-from n3", upToDate, upToDate, "")
	c.stopLoad(ctx, t, l.Node(1))
	c.verify(ctx, t, l.Node(1), "vol")
	c.verify(ctx, t, l.Node(2), "vol")
	c.awaitUnused(ctx, t, "vol")
	c.client(ctx, t, "resource-definition", "delete", "vol")
	c.awaitVolumes(ctx, t, nil)
}

// toggleAgainAndAgain: a disk that is attached while its peers are connected becomes up
// to date each time, also where DRBD loses the answer of a peer.
func toggleAgainAndAgain(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "node", "set-property", "n3", "AutoplaceTarget", "false")
	c.client(ctx, t, "resource-group", "spawn-resources", pair, "vol", "40M")
	c.client(ctx, t, "node", "set-property", "n3", "AutoplaceTarget", "true")
	c.client(ctx, t, "resource", "make-available", "n3", "vol", "--diskful")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	var longest time.Duration
	for range 20 {
		c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--diskless")
		c.awaitDisks(ctx, t, "vol", upToDate, upToDate, diskless)
		began := time.Now()
		c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--storage-pool", pool)
		c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
		longest = max(longest, time.Since(began))
	}
	t.Logf("the disk that took longest was up to date after %s", longest.Round(100*time.Millisecond))
}

// toggleInUse: a node gets a disk while a program there uses the only copy on another
// node; no write fails, also where DRBD loses that node's answer.
func toggleInUse(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-definition", "create", "vol")
	c.client(ctx, t, "volume-definition", "create", "vol", "40M")
	c.client(ctx, t, "resource-definition", "set-property", "vol", "DrbdOptions/auto-add-quorum-tiebreaker", "false")
	c.client(ctx, t, "resource", "create", "n1", "vol", "--storage-pool", pool)
	c.client(ctx, t, "resource", "create", "n3", "vol", "--diskless")
	c.awaitDisks(ctx, t, "vol", upToDate, "", diskless)
	c.startLoad(ctx, t, l.Node(3), "vol")
	for range 12 {
		c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--storage-pool", pool)
		c.awaitDisks(ctx, t, "vol", upToDate, "", upToDate)
		c.awaitWrites(ctx, t, l.Node(3))
		c.client(ctx, t, "resource", "toggle-disk", "n3", "vol", "--diskless")
		c.awaitDisks(ctx, t, "vol", upToDate, "", diskless)
	}
	c.stopLoad(ctx, t, l.Node(3))
	c.verify(ctx, t, l.Node(1), "vol")
}

// growUnderLoad: a volume grows on all nodes while it is written to.
func growUnderLoad(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "100M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.startLoad(ctx, t, l.Node(2), "vol")
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "200M")
	dev := c.device(ctx, t, l.Node(2), "vol")
	if got := script(ctx, t, l.Node(2), "blockdev --getsize64 "+dev); got < "209715200" || len(got) != len("209715200") {
		t.Errorf("after the call has ended the device has %s bytes, want 200 MiB", got)
	}
	c.awaitWrites(ctx, t, l.Node(2))
	script(ctx, t, l.Node(2), "resize2fs "+dev+" 2>/dev/null")
	c.awaitWrites(ctx, t, l.Node(2))
	c.stopLoad(ctx, t, l.Node(2))
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	for _, n := range l.Nodes() {
		c.verify(ctx, t, n, "vol")
	}
}

// spawnTwenty: twenty replicated volumes asked for at the same time.
func spawnTwenty(ctx context.Context, t *testing.T, l *vm.Lab) {
	const count = 20
	c := bringUpReplicated(ctx, t, l)
	errs := make(chan error, count)
	began := time.Now()
	for i := range count {
		go func() {
			_, err := l.Node(1).Run(ctx, vm.BinaryClient, "resource-group", "spawn-resources", replicas, fmt.Sprintf("vol%d", i), "20M")
			errs <- err
		}()
	}
	for range count {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	c.awaitMoving(ctx, t, "all volumes UpToDate on all nodes", func() (bool, string) {
		good, all := 0, ""
		for _, n := range l.Nodes() {
			kernel := c.kernel(ctx, t, n)
			for i := range count {
				name := fmt.Sprintf("vol%d", i)
				disk := kernel[name].disk()
				if disk == upToDate {
					good++
				} else {
					all += fmt.Sprintf("%s on %s: %q\n", name, n.Name(), disk)
				}
			}
		}
		return good == count*len(l.Nodes()), all
	})
	t.Logf("%d volumes are UpToDate on all nodes after %s", count, time.Since(began).Round(time.Second))
	minors := map[int]bool{}
	for _, r := range c.kernel(ctx, t, l.Node(2)) {
		minors[r.Devices[0].Minor] = true
	}
	if len(minors) != count {
		t.Errorf("%d different minors, want %d", len(minors), count)
	}
}

// daemonsKilled: killing controller and satellites under load holds up no write, and
// afterwards the cluster goes on.
func daemonsKilled(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	c.client(ctx, t, "resource-group", "spawn-resources", replicas, "vol", "100M")
	c.awaitDisks(ctx, t, "vol", upToDate, upToDate, upToDate)
	c.startLoad(ctx, t, l.Node(2), "vol")
	do(t, l.Node(1).KillDaemon(ctx, vm.BinaryController))
	c.awaitWrites(ctx, t, l.Node(2))
	for _, n := range l.Nodes() {
		do(t, n.KillDaemon(ctx, vm.BinarySatellite))
	}
	c.awaitWrites(ctx, t, l.Node(2))
	c.startDaemons(ctx, t)
	c.awaitOnline(ctx, t)
	c.awaitWrites(ctx, t, l.Node(2))
	c.client(ctx, t, "volume-definition", "set-size", "vol", "0", "120M")
	c.stopLoad(ctx, t, l.Node(2))
	for _, n := range l.Nodes() {
		c.verify(ctx, t, n, "vol")
	}
}

// controllerKilled: whatever moment the controller dies in, each flow ends as if it
// had lived: the client repeats what was not confirmed.
func controllerKilled(ctx context.Context, t *testing.T, l *vm.Lab) {
	c := bringUpReplicated(ctx, t, l)
	flows := []struct {
		args []string
		want []string
	}{
		{[]string{"resource-group", "spawn-resources", pair, "vol", "40M"}, nil},
		{[]string{"volume-definition", "set-size", "vol", "0", "60M"}, nil},
		{[]string{"resource", "make-available", "n3", "vol", "--diskful"}, []string{upToDate, upToDate, upToDate}},
		{[]string{"resource", "toggle-disk", "n3", "vol", "--diskless"}, []string{upToDate, upToDate, diskless}},
		{[]string{"resource-definition", "delete", "vol"}, []string{"", "", ""}},
	}
	const rounds = 10
	for round := range rounds {
		for i, f := range flows {
			// The first two replicas are those of n1 and n2.
			c.client(ctx, t, "node", "set-property", "n3", "AutoplaceTarget", map[bool]string{true: "false", false: "true"}[i == 0])
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = l.Node(1).Run(ctx, append([]string{vm.BinaryClient}, f.args...)...)
			}()
			// Each flow is hit at another moment in each round.
			script(ctx, t, l.Node(1), fmt.Sprintf("sleep %.1f", float64(1+(3*i+4*round)%10)/10))
			do(t, l.Node(1).KillDaemon(ctx, vm.BinaryController))
			<-ended
			do(t, l.StartController(ctx))
			c.awaitOnline(ctx, t)
			c.await(ctx, t, strings.Join(f.args, " ")+" repeated", func() (bool, string) {
				out, err := l.Node(1).Run(ctx, append([]string{vm.BinaryClient}, f.args...)...)
				return err == nil || strings.Contains(out+fmt.Sprint(err), "already exists"), fmt.Sprint(err, out)
			})
			if f.want != nil {
				c.awaitDisks(ctx, t, "vol", f.want...)
			}
		}
		c.awaitVolumes(ctx, t, nil)
	}
}
