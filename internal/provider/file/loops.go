package file

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// loopDevice is one line of losetup --list.
type loopDevice struct {
	Name      string    `json:"name"`
	BackFile  string    `json:"back-file"`
	BackIno   number    `json:"back-ino"`
	BackDev   devNumber `json:"back-maj:min"`
	Offset    number    `json:"offset"`
	SizeLimit number    `json:"sizelimit"`
	AutoClear truth     `json:"autoclear"`
	ReadOnly  truth     `json:"ro"`
}

// number and truth are printed with or without quotes, by the version of losetup.
type (
	number    uint64
	truth     bool
	devNumber uint64
)

// UnmarshalJSON reads 7, "7" and null.
func (n *number) UnmarshalJSON(data []byte) error {
	text := unquoted(data)
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	v, err := strconv.ParseUint(string(text), 10, 64)
	*n = number(v)
	return err
}

func unquoted(data []byte) []byte { return bytes.TrimSpace(bytes.Trim(data, `"`)) }

// UnmarshalJSON reads true, "1" and the like.
func (b *truth) UnmarshalJSON(data []byte) error {
	switch text := unquoted(data); string(text) {
	case "true", "1":
		*b = true
	case "false", "0", "", "null":
		*b = false
	default:
		return fmt.Errorf("neither true nor false: %q", text)
	}
	return nil
}

// UnmarshalJSON reads "254:0" with any blanks around.
func (d *devNumber) UnmarshalJSON(data []byte) error {
	text := unquoted(data)
	if len(text) == 0 || string(text) == "null" {
		return nil
	}
	before, after, _ := bytes.Cut(text, []byte{':'})
	major, err := strconv.ParseUint(string(bytes.TrimSpace(before)), 10, 32)
	if err != nil {
		return fmt.Errorf("device number %q: %w", text, err)
	}
	minor, err := strconv.ParseUint(string(bytes.TrimSpace(after)), 10, 32)
	if err != nil {
		return fmt.Errorf("device number %q: %w", text, err)
	}
	*d = devNumber(deviceNumber(uint32(major), uint32(minor)))
	return nil
}

// deviceNumber is st_dev as Linux encodes it, also where the program is built for
// another system.
func deviceNumber(major, minor uint32) uint64 {
	ma, mi := uint64(major), uint64(minor)
	return mi&0xff | ma&0xfff<<8 | mi&^0xff<<12 | ma&^0xfff<<32
}

var loopCommand = run.Command("losetup", "--list", "--json", "--output",
	"NAME,BACK-FILE,BACK-INO,BACK-MAJ:MIN,OFFSET,SIZELIMIT,AUTOCLEAR,RO")

func listLoops(ctx context.Context, h run.Host) ([]loopDevice, error) {
	res, err := run.Must(ctx, h, loopCommand)
	if err != nil {
		return nil, fmt.Errorf("list loop devices: %w", err)
	}
	return parseLoops(res.Stdout)
}

func parseLoops(out []byte) ([]loopDevice, error) {
	// Some versions print nothing where there is no loop device.
	if len(bytes.TrimSpace(out)) == 0 {
		return nil, nil
	}
	var report struct {
		LoopDevices []loopDevice `json:"loopdevices"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("parse losetup output: %w", err)
	}
	return report.LoopDevices, nil
}

const deletedMark = " (deleted)"

// backing is the path of the file, and whether that file has lost its name.
func (l loopDevice) backing() (file string, deleted bool) {
	return strings.CutSuffix(l.BackFile, deletedMark)
}

// attached looks at a loop device that is on one of our images. A device that is
// gone by now gives nil.
func attached(ctx context.Context, h run.Host, l loopDevice, users map[string]bool) (*attachment, error) {
	data, err := h.ReadFile(ctx, "/sys/class/block/"+path.Base(l.Name)+"/size")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the size of %s: %w", l.Name, err)
	}
	sectors, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("read the size of %s: %w", l.Name, err)
	}
	_, deleted := l.backing()
	return &attachment{Device: l.Name, SizeKiB: sectors / 2, Deleted: deleted, Leaving: bool(l.AutoClear),
		Part: l.Offset != 0 || l.SizeLimit != 0 || bool(l.ReadOnly), Open: users[l.Name]}, nil
}

// loopUsers finds the loop devices that another device or a mount uses. A program
// that has one open is not seen; detaching then only marks it (see delete.go).
func loopUsers(ctx context.Context, h run.Host) (map[string]bool, error) {
	users := map[string]bool{}
	holders, err := h.Glob(ctx, "/sys/class/block/loop*/holders/*")
	if err != nil {
		return nil, fmt.Errorf("look for users of loop devices: %w", err)
	}
	for _, p := range holders {
		users["/dev/"+path.Base(path.Dir(path.Dir(p)))] = true
	}
	mounts, err := h.ReadFile(ctx, "/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("look for mounted loop devices: %w", err)
	}
	for line := range strings.SplitSeq(string(mounts), "\n") {
		_, fields, _ := strings.Cut(line, " - ")
		if f := strings.Fields(fields); len(f) >= 2 && strings.HasPrefix(f[1], "/dev/loop") {
			users[wholeDevice(f[1])] = true
		}
	}
	return users, nil
}

// wholeDevice is /dev/loop3 for /dev/loop3p1.
func wholeDevice(dev string) string {
	if i := strings.LastIndexByte(dev, 'p'); i > len("/dev/loop") {
		return dev[:i]
	}
	return dev
}
