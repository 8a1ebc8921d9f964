package vm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
)

// qemu is one running emulator.
type qemu struct {
	cmd    *exec.Cmd
	qmp    *qmp
	stderr *bytes.Buffer
	ended  chan struct{}
}

// hardware is what a machine consists of. Saved state can be restored only into
// the same hardware, so all of it goes into the state's key.
func hardware(a accel) []string {
	return []string{
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-machine", "q35", "-accel", a.Accel, "-cpu", a.CPU,
		"-smp", "1", "-m", strconv.Itoa(memoryMiB),
		"-object", "rng-random,id=rng0,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng0",
	}
}

// arguments are the whole command line of one machine.
func (n *Node) arguments(d disks) []string {
	args := hardware(n.lab.accel)
	args = append(args,
		"-name", n.Name(),
		"-kernel", n.lab.image.kernel(), "-initrd", n.lab.initrd,
		"-append", fmt.Sprintf("%s lab.node=%d", kernelArguments, n.index),
		"-chardev", "file,id=console,append=on,path="+n.ConsoleLog(), "-serial", "chardev:console",
		"-qmp", "stdio",
		"-drive", "if=none,id=root,format=qcow2,cache=unsafe,discard=unmap,file="+d.root,
		"-device", "virtio-blk-pci,drive=root,serial=root",
	)
	for i, path := range d.data {
		id := fmt.Sprintf("data%d", i+1)
		args = append(args,
			"-drive", "if=none,format=raw,cache=unsafe,discard=unmap,id="+id+",file="+path,
			"-device", fmt.Sprintf("virtio-blk-pci,drive=%s,serial=%s-%s", id, n.Name(), id))
	}
	for _, nw := range allNetworks {
		id := fmt.Sprintf("net%d", int(nw))
		args = append(args,
			"-netdev", "tap,script=no,downscript=no,id="+id+",ifname="+nw.tap(n.index),
			"-device", "virtio-net-pci,romfile=,netdev="+id+",mac="+nw.mac(n.index))
	}
	return args
}

// start starts an emulator inside the namespace.
func (l *Lab) start(args []string, pidFile string) (*qemu, error) {
	q := &qemu{cmd: exec.Command("qemu-system-x86_64", args...), stderr: new(bytes.Buffer), ended: make(chan struct{})}
	q.cmd.Stderr = q.stderr
	stdin, err := q.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	stdout, err := q.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	// Not in the terminal's process group, or Ctrl-C would cut the power before
	// the lab could clean up; but never to outlive this process.
	q.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := l.launch(q.cmd); err != nil {
		return nil, fmt.Errorf("start QEMU: %w", err)
	}
	q.qmp = newQMP(stdin, stdout)
	go func() {
		_ = q.cmd.Wait() // it is killed, or its last words are on stderr
		close(q.ended)
	}()
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(q.cmd.Process.Pid)), 0o644); err != nil {
		q.kill()
		return nil, fmt.Errorf("note QEMU's process: %w", err)
	}
	return q, nil
}

// kill is a power failure.
func (q *qemu) kill() {
	_ = q.cmd.Process.Kill() // an ended process is what is wanted
	<-q.ended
}

func (q *qemu) handshake(ctx context.Context) error {
	if err := q.qmp.call(ctx, "qmp_capabilities", nil, nil); err != nil {
		return fmt.Errorf("%w: %s", err, tail(q.stderr.String(), 5))
	}
	return nil
}

// launcher starts processes from one thread that lives as long as the lab: the
// kernel's parent-death signal is sent when the starting thread ends.
func (l *Lab) launcher() {
	runtime.LockOSThread()
	err := l.ns.enter()
	for cmd := range l.launches {
		if err != nil {
			cmd.done <- err
			continue
		}
		cmd.done <- cmd.cmd.Start()
	}
}

type launch struct {
	cmd  *exec.Cmd
	done chan error
}

func (l *Lab) launch(cmd *exec.Cmd) error {
	request := launch{cmd: cmd, done: make(chan error, 1)}
	l.launches <- request
	return <-request.done
}

// disks are the files behind a machine's disks.
type disks struct {
	root string
	data []string
}

// makeDisks makes an overlay on a root image and empty data disks.
func (n *Node) makeDisks(ctx context.Context, dir, backing, format string) (disks, error) {
	d := disks{root: filepath.Join(dir, n.Name()+"-root.qcow2")}
	if _, err := run(ctx, "qemu-img", "create", "-q", "-f", "qcow2", "-F", format, "-b", backing, d.root); err != nil {
		return d, fmt.Errorf("make root disk: %w", err)
	}
	for i := 1; i <= dataDisks; i++ {
		path := filepath.Join(dir, fmt.Sprintf("%s-data%d.img", n.Name(), i))
		if err := os.RemoveAll(path); err != nil {
			return d, fmt.Errorf("make data disk: %w", err)
		}
		f, err := os.Create(path)
		if err != nil {
			return d, fmt.Errorf("make data disk: %w", err)
		}
		defer f.Close()
		if err := f.Truncate(dataDiskSize); err != nil {
			return d, fmt.Errorf("make data disk: %w", err)
		}
		d.data = append(d.data, path)
	}
	return d, nil
}
