// Package support finds out which kinds of storage pool a node can have, by asking
// the tools for their versions.
//
// Invariant: it only looks. A kind without proof of its tools is unsupported, with
// the reason in words that say what to install or load.
package support

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Kind says whether a node can have pools of a kind.
type Kind struct {
	Supported bool
	// Versions by tool, as far as known.
	Versions map[string]string
	// Reasons say why it is not supported.
	Reasons []string
}

// tool is how to ask for a version, and what the answer must hold.
type tool struct {
	name    string
	argv    []string
	version *regexp.Regexp
	pkg     string
	// kernel is what a missing version means where the tool itself is there.
	kernel string
}

var (
	lvmTool    = tool{"lvm", []string{"lvm", "version"}, regexp.MustCompile(`(?m)^\s*LVM version:\s+(\d+\.\d+\.\d+)`), "lvm2", ""}
	dmDriver   = tool{"device-mapper", []string{"lvm", "version"}, regexp.MustCompile(`(?m)^\s*Driver version:\s+(\d+\.\d+\.\d+)`), "lvm2", "dm_mod"}
	thinCheck  = tool{"thin_check", []string{"thin_check", "--version"}, regexp.MustCompile(`(?m)(\d+\.\d+\.\d+)`), "thin-provisioning-tools", ""}
	zfsTool    = tool{"zfs", []string{"zfs", "version"}, regexp.MustCompile(`(?m)^zfs-(\d+\.\d+\.\d+)`), "zfsutils-linux", ""}
	zfsModule  = tool{"zfs-kmod", []string{"zfs", "version"}, regexp.MustCompile(`(?m)^zfs-kmod-(\d+\.\d+\.\d+)`), "zfsutils-linux", "zfs"}
	losetup    = tool{"losetup", []string{"losetup", "--version"}, regexp.MustCompile(`(\d+\.\d+(\.\d+)?)`), "util-linux", ""}
	lvmTools   = []tool{lvmTool, dmDriver}
	zfsTools   = []tool{zfsTool, zfsModule}
	fileTools  = []tool{losetup}
	thinTools  = []tool{lvmTool, dmDriver, thinCheck}
	toolsOfAll = []struct {
		kind  v1.ProviderKind
		tools []tool
	}{
		{v1.ProviderKindDiskless, nil},
		{v1.ProviderKindLvm, lvmTools}, {v1.ProviderKindLvmThin, thinTools},
		{v1.ProviderKindZfs, zfsTools}, {v1.ProviderKindZfsThin, zfsTools},
		{v1.ProviderKindFile, fileTools}, {v1.ProviderKindFileThin, fileTools},
	}
)

// Check asks every tool once. An error means that the node could not be asked.
func Check(ctx context.Context, h run.Host) (map[v1.ProviderKind]Kind, error) {
	answers := map[string]answer{}
	out := make(map[v1.ProviderKind]Kind, len(toolsOfAll))
	for _, k := range toolsOfAll {
		found := Kind{Supported: true, Versions: map[string]string{}}
		for _, t := range k.tools {
			key := strings.Join(t.argv, " ")
			if _, asked := answers[key]; !asked {
				a, err := ask(ctx, h, t)
				if err != nil {
					return nil, err
				}
				answers[key] = a
			}
			version, reason := t.judge(answers[key])
			if reason != "" {
				found.Supported = false
				found.Reasons = append(found.Reasons, reason)
				continue
			}
			found.Versions[t.name] = version
		}
		out[k.kind] = found
	}
	return out, nil
}

// notInPath is the text of exec.ErrNotFound, which does not match fs.ErrNotExist;
// providers do not import os/exec.
const notInPath = "executable file not found"

type answer struct {
	missing bool
	said    string
	exit    int
}

func ask(ctx context.Context, h run.Host, t tool) (answer, error) {
	r, err := h.Run(ctx, run.Command(t.argv...))
	if err != nil && (errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), notInPath)) {
		return answer{missing: true}, nil
	}
	if err != nil {
		return answer{}, fmt.Errorf("ask for the version of %s: %w", t.name, err)
	}
	return answer{said: string(r.Stdout) + "\n" + string(r.Stderr), exit: r.ExitCode}, nil
}

// judge gives the version, or the reason why the tool cannot be used.
func (t tool) judge(a answer) (version, reason string) {
	if a.missing {
		return "", fmt.Sprintf("%s is not installed (package %s)", t.argv[0], t.pkg)
	}
	if m := t.version.FindStringSubmatch(a.said); m != nil {
		return m[1], ""
	}
	if t.kernel != "" {
		return "", fmt.Sprintf("the kernel has no %s: load the module %s", t.name, t.kernel)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(a.said), "\n")
	return "", fmt.Sprintf("%s exited with %d and told no version: %s", strings.Join(t.argv, " "), a.exit, first)
}
