// Package filesystem makes the file system that a new volume shall have, on the top
// device of its stack. It is no layer: nothing lies on it, and nothing of it has to
// be taken down.
//
// Invariants:
//   - A file system is made only with the grant in the instruction, which the
//     controller gives to one replica of a new volume, and only on a device on which
//     blkid finds nothing. No option overrides what mkfs itself checks.
//   - One command makes it with its owner, so that nothing is left to be done after it.
package filesystem

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// Keys of the properties.
const (
	KeyType   = "FileSystem/Type"
	KeyParams = "FileSystem/MkfsParams"
	KeyUser   = "FileSystem/User"
	KeyGroup  = "FileSystem/Group"
)

// protoDir is where the description of the root directory for mkfs.xfs is put.
const protoDir = "/run"

// State is what Probe has found.
type State struct {
	// Signature is what is on the device; empty for nothing.
	Signature string
	// UID and GID own the root directory; −1 where no owner is wanted.
	UID, GID int64
}

// Probe looks at a volume's top device; it gives nil where there is nothing to do. A
// device that is only foreseen is not looked at: it will be empty.
func Probe(ctx context.Context, h run.Host, v *link.Volume, top layer.Device) (*State, error) {
	if !v.Format || !top.Present && !top.Foreseen {
		return nil, nil
	}
	st := &State{UID: -1, GID: -1}
	var err error
	if top.Present {
		if st.Signature, err = signature(ctx, h, top.Path); err != nil || st.Signature != "" {
			return st, err
		}
	}
	st.UID, st.GID, err = owner(ctx, h, v.Props[KeyUser], v.Props[KeyGroup])
	return st, err
}

// signature asks blkid what is on a device. That it could not look at it is an error,
// although its exit code is that of an empty device.
func signature(ctx context.Context, h run.Host, path string) (string, error) {
	c := run.Command("blkid", "-p", "-o", "export", path)
	r, err := h.Run(ctx, c)
	if err != nil {
		return "", fmt.Errorf("look for a file system on %s: %w", path, err)
	}
	const nothing, several = 2, 8
	switch {
	case r.ExitCode == nothing && len(r.Stdout) == 0 && len(r.Stderr) == 0:
		return "", nil
	case r.ExitCode == several:
		return "several signatures", nil
	case r.ExitCode != 0:
		return "", fmt.Errorf("look for a file system on %s: %w", path, &run.ExitError{Cmd: c, Result: r})
	}
	for l := range strings.Lines(string(r.Stdout)) {
		for _, key := range []string{"TYPE=", "PTTYPE="} {
			if t, ok := strings.CutPrefix(strings.TrimSpace(l), key); ok {
				return t, nil
			}
		}
	}
	return "a signature without a name", nil
}

// owner turns names into numbers: the file system is made with numbers.
func owner(ctx context.Context, h run.Host, user, group string) (uid, gid int64, err error) {
	if user == "" && group == "" {
		return -1, -1, nil
	}
	if user == "" {
		user = "nobody"
	}
	if uid, err = number(ctx, h, KeyUser, user, "id", "-u", "--", user); err != nil {
		return -1, -1, err
	}
	if group == "" {
		gid, err = number(ctx, h, KeyGroup, "", "id", "-g", "--", user)
		return uid, gid, err
	}
	gid, err = number(ctx, h, KeyGroup, group, "getent", "group", "--", group)
	return uid, gid, err
}

// number is the name itself if it is a number, or what the command says.
func number(ctx context.Context, h run.Host, key, name string, argv ...string) (int64, error) {
	if n, err := strconv.ParseUint(name, 10, 32); err == nil {
		return int64(n), nil
	}
	unknown := func(why string) error {
		return fault.New(v1.FailInvalidProp, "The owner of the file system cannot be found out.").
			Because("%s on this node: %s", key, why).Fix("Create '%s' on the node, or set the property '%s' to a number.", argv[len(argv)-1], key)
	}
	r, err := h.Run(ctx, run.Command(argv...))
	if err != nil {
		return -1, fmt.Errorf("find out the owner of the file system: %w", err)
	}
	if r.ExitCode != 0 {
		return -1, unknown(fmt.Sprintf("%s ended with %d", argv[0], r.ExitCode))
	}
	text := strings.TrimSpace(string(r.Stdout))
	if f := strings.Split(text, ":"); len(f) > 2 {
		text = f[2] // name:x:number:members
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return -1, unknown(fmt.Sprintf("%s said '%s'", argv[0], text))
	}
	return int64(n), nil
}

// Plan gives the steps that make the file system, and what is there: the report of
// it ends the grant. A device that has something already keeps it. Pure.
func Plan(resource string, v *link.Volume, top layer.Device, st *State) ([]layer.Step, string, error) {
	if st == nil {
		return nil, "", nil
	}
	if st.Signature != "" {
		return nil, st.Signature, nil
	}
	params, err := optline.Words(v.Props[KeyParams])
	if err != nil {
		return nil, "", fault.New(v1.FailInvalidProp, "The property '%s' cannot be used.", KeyParams).
			Because("%v", err).Fix("Correct the quotes.")
	}
	var steps []layer.Step
	add := func(s provider.Step) { steps = append(steps, layer.Step{Step: s, Volume: v.Number}) }
	why := fmt.Sprintf("make the file system %s on the new volume %d", v.Props[KeyType], v.Number)
	var argv []string
	switch v.Props[KeyType] {
	case "ext4":
		// Later options win, so that the user's -E counts; the owner is then among them.
		argv = []string{"mkfs.ext4", "-q", "-E", "nodiscard" + rootOwner(st)}
	case "xfs":
		argv = []string{"mkfs.xfs", "-q", "-K"}
		if st.UID >= 0 {
			proto := fmt.Sprintf("%s/holdfast-%s-%d.proto", protoDir, resource, v.Number)
			add(provider.Step{Write: &run.File{Path: proto, Data: fmt.Appendf(nil, "/\n0 0\nd--755 %d %d\n$\n", st.UID, st.GID)},
				Why: "describe the owner of the file system", Effect: provider.EffectCreate})
			argv = append(argv, "-p", proto)
		}
	default:
		return nil, "", fault.New(v1.FailInvalidProp, "The file system of volume %d of resource '%s' cannot be made.", v.Number, resource).
			Because("the property '%s' is '%s'", KeyType, v.Props[KeyType]).Fix("Set it to ext4 or xfs, or remove it.")
	}
	c := run.Command(append(append(argv, params...), top.Path)...)
	add(provider.Step{Cmd: &c, Why: why, Effect: provider.EffectCreate, Destructive: true})
	return steps, "", nil
}

func rootOwner(st *State) string {
	if st.UID < 0 {
		return ""
	}
	return fmt.Sprintf(",root_owner=%d:%d", st.UID, st.GID)
}
