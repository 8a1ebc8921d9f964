package script

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// process is a running holdfast-controller.
type process struct {
	cmd   *exec.Cmd
	log   *os.File
	ended chan struct{}
	err   error
}

// controllerCmd is the script command "controller".
func controllerCmd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: controller start [ARGS...] | stop | kill")
	}
	w := worldOf(ts)
	switch args[0] {
	case "start":
		ts.Check(w.startController(ts, args[1:]))
		return
	case "stop":
		ts.Check(w.controller.stop())
	case "kill":
		ts.Check(w.controller.kill())
	default:
		ts.Fatalf("controller %s is unknown", args[0])
	}
	w.controller = nil
}

// controllerArgs make the controller use the script's files and address only.
func (w *world) controllerArgs() []string {
	return []string{"-c", w.path("etc"), "--logs", w.path("log"), "--rest-bind", w.controllerAddr(), "--set", "db.path=" + w.path("holdfast.db")}
}

func (w *world) startController(ts *testscript.TestScript, args []string) error {
	if w.controller != nil {
		return errors.New("the controller runs already")
	}
	log, err := os.OpenFile(w.path("controller.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p := &process{log: log, ended: make(chan struct{})}
	p.cmd = exec.Command(lookPath(ts, "holdfast-controller"), append(w.controllerArgs(), args...)...)
	p.cmd.Dir = ts.MkAbs(".")
	p.cmd.Env = []string{"HOME=" + w.work, "GORACE=" + ts.Getenv("GORACE"), "MASTER_PASSPHRASE=" + ts.Getenv("MASTER_PASSPHRASE")}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Even if the test itself is killed, no controller stays behind.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	go func() {
		p.err = errors.Join(p.cmd.Wait(), log.Close())
		close(p.ended)
	}()
	w.controller = p
	return p.awaitAnswer("http://" + w.controllerAddr() + "/health")
}

func (p *process) awaitAnswer(url string) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var ended bool
	up := poll(10*time.Millisecond, func() bool {
		select {
		case <-p.ended:
			ended = true
			return true
		default:
		}
		resp, err := client.Get(url)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	switch {
	case ended:
		return fmt.Errorf("the controller has ended: %w", p.err)
	case !up:
		return errors.New("the controller does not answer")
	}
	return nil
}

// stop asks the controller to end, which has to succeed: a data race would too show
// in its exit code.
func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop the controller: %w", err)
	}
	select {
	case <-p.ended:
	case <-time.After(limit):
		return errors.Join(errors.New("the controller does not stop"), p.kill())
	}
	if p.err != nil {
		return fmt.Errorf("the controller has ended: %w", p.err)
	}
	return nil
}

func (p *process) kill() error {
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill the controller: %w", err)
	}
	<-p.ended
	return nil
}
