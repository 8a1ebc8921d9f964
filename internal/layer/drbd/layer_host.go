package drbd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Files of the node.
const (
	resourceDir = "/var/lib/linstor.d"
	backupDir   = resourceDir + "/.backup"
	includeFile = "/etc/drbd.d/linstor-resources.res"
	includeText = "include \"" + resourceDir + "/*.res\";\n"
	hostname    = "/proc/sys/kernel/hostname"
)

// host is what the layer knows of its node for as long as it runs.
type host struct {
	tools Tools
	// uname is the host name in the kernel, which DRBD's tools go by.
	uname string
	// modprobe is why a module could not be loaded; empty if nothing went wrong.
	modprobe string
	// laidOut tells that the folders are there; note is what is wrong beside that.
	laidOut bool
	note    string
}

// notInPath is the text of exec.ErrNotFound, which does not match fs.ErrNotExist;
// layers do not import os/exec.
const notInPath = "executable file not found"

func notInstalled(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), notInPath)
}

// Support finds out whether the node can have DRBD resources. It loads the module
// and makes the folder for resource files where these are missing.
func (l *Layer) Support(ctx context.Context, h run.Host) layer.Support {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out layer.Support
	for _, name := range []string{"drbdadm", "drbdsetup", "drbdmeta"} {
		_, err := h.Run(ctx, run.Command(name, "--version"))
		if notInstalled(err) {
			out.Reasons = append(out.Reasons, fmt.Sprintf("%s is not installed (package drbd-utils)", name))
		} else if err != nil {
			out.Reasons = append(out.Reasons, fmt.Sprintf("%s could not be asked: %v", name, err))
		}
	}
	if len(out.Reasons) > 0 {
		return out
	}
	if err := l.host.look(ctx, h, true); err != nil {
		return layer.Support{Reasons: []string{err.Error()}}
	}
	out.Versions = l.host.tools.versions()
	for _, a := range Advisories(l.host.tools) {
		text := a.Text + " " + a.Fix
		if !a.Blocking {
			out.Warnings = append(out.Warnings, text)
			continue
		}
		if l.host.modprobe != "" && !l.host.tools.Kernel.Known() {
			text += " (" + l.host.modprobe + ")"
		}
		out.Reasons = append(out.Reasons, text)
	}
	if l.host.note != "" {
		out.Warnings = append(out.Warnings, l.host.note)
	}
	return out
}

// know gives what is known of the node, and looks where something is not.
func (l *Layer) know(ctx context.Context, h run.Host) (host, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.host.look(ctx, h, false)
	return l.host, err
}

// look asks for the versions, unless they are known, and lays out the folders.
func (n *host) look(ctx context.Context, h run.Host, anew bool) error {
	if anew || !n.tools.Kernel.Known() || !n.tools.Utils.Known() {
		if err := n.askTools(ctx, h); err != nil {
			return err
		}
	}
	if anew || n.uname == "" {
		data, err := h.ReadFile(ctx, hostname)
		if err != nil {
			return fmt.Errorf("find out the host name: %w", err)
		}
		n.uname = strings.TrimSpace(string(data))
	}
	if anew || !n.laidOut {
		return n.layOut(ctx, h)
	}
	return nil
}

func (n *host) askTools(ctx context.Context, h run.Host) error {
	tools, err := version(ctx, h)
	if err != nil {
		return err
	}
	n.modprobe = ""
	if !tools.Kernel.Known() {
		if n.modprobe, err = load(ctx, h); err != nil {
			return err
		}
		if tools, err = version(ctx, h); err != nil {
			return err
		}
	}
	n.tools = tools
	return nil
}

func version(ctx context.Context, h run.Host) (Tools, error) {
	r, err := h.Run(ctx, run.Command("drbdadm", "--version"))
	if notInstalled(err) {
		return Tools{}, errors.New("drbdadm is not installed (package drbd-utils)")
	}
	if err != nil {
		return Tools{}, fmt.Errorf("ask for DRBD's version: %w", err)
	}
	t, err := ParseAdmVersion(string(r.Stdout))
	if err != nil || t.Kernel.Known() {
		return t, err
	}
	// The tools may be too old to tell; the module does as long as it is there.
	if text, err := h.ReadFile(ctx, "/proc/drbd"); err == nil {
		if v, err := ParseProcDRBD(string(text)); err == nil {
			t.Kernel = v
		}
	}
	return t, nil
}

// load loads DRBD's modules; why says what the first one that failed complains about.
func load(ctx context.Context, h run.Host) (why string, err error) {
	for _, module := range []string{"drbd", "drbd_transport_tcp"} {
		r, err := h.Run(ctx, run.Command("modprobe", module))
		switch {
		case notInstalled(err):
			return "modprobe is not installed", nil
		case err != nil:
			return "", fmt.Errorf("load the kernel module %s: %w", module, err)
		case r.ExitCode != 0:
			return fmt.Sprintf("modprobe %s: %s", module, brief(lastLine(strings.TrimSpace(string(r.Stderr))))), nil
		}
	}
	return "", nil
}

// layOut makes the folders of the resource files, and lets drbdadm find them.
func (n *host) layOut(ctx context.Context, h run.Host) error {
	for _, dir := range []string{backupDir, filepath.Dir(includeFile)} {
		found, err := h.Glob(ctx, dir)
		if err != nil {
			return fmt.Errorf("look for the folder %s: %w", dir, err)
		}
		if len(found) > 0 {
			continue
		}
		if _, err := run.Must(ctx, h, run.Command("mkdir", "-p", dir)); err != nil {
			return fmt.Errorf("make the folder %s: %w", dir, err)
		}
	}
	note, err := include(ctx, h)
	if err != nil {
		return err
	}
	n.laidOut, n.note = true, note
	return nil
}

var includeLine = regexp.MustCompile(`(?m)^\s*include\s+"?` + regexp.QuoteMeta(resourceDir) + `/\*\.res"?\s*;`)

// include writes the line that makes drbdadm read the resource files. A file that
// is there already stays as it is.
func include(ctx context.Context, h run.Host) (note string, err error) {
	text, err := h.ReadFile(ctx, includeFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = h.WriteFile(ctx, run.File{Path: includeFile, Data: []byte(includeText), Mode: 0o644, Exclusive: true})
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("write %s: %w", includeFile, err)
		}
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", includeFile, err)
	}
	if !includeLine.Match(text) {
		return fmt.Sprintf("The file %s has no line %s and is left as it is; drbdadm finds resources only with -c.", includeFile, strings.TrimSpace(includeText)), nil
	}
	return "", nil
}
