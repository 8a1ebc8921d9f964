package physical

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

const columns = "NAME,KNAME,PATH,TYPE,SIZE,ROTA,RO,MODEL,SERIAL,WWN,FSTYPE,PTTYPE,MOUNTPOINT,PKNAME,MAJ:MIN"

// node is one entry of lsblk's tree.
type node struct {
	KName      string `json:"kname"`
	Path       string `json:"path"`
	Type       string `json:"type"`
	Size       number `json:"size"`
	Rotational flag   `json:"rota"`
	ReadOnly   flag   `json:"ro"`
	Model      string `json:"model"`
	Serial     string `json:"serial"`
	WWN        string `json:"wwn"`
	FSType     string `json:"fstype"`
	PTType     string `json:"pttype"`
	Mountpoint string `json:"mountpoint"`
	Parent     string `json:"pkname"`
	MajMin     string `json:"maj:min"`
	Children   []node `json:"children"`
}

// scan lists all block devices, unused or not.
func scan(ctx context.Context, h run.Host) ([]Disk, error) {
	r, err := run.Must(ctx, h, run.Command("lsblk", "--json", "--bytes", "--output", columns))
	if err != nil {
		return nil, fmt.Errorf("list block devices: %w", err)
	}
	disks, err := parse(r.Stdout)
	if err != nil {
		return nil, fmt.Errorf("list block devices: %w", err)
	}
	return disks, nil
}

// parse reads lsblk's answer, a tree or a flat list with the names of the parents.
// A device with several parents comes several times.
func parse(out []byte) ([]Disk, error) {
	var doc struct {
		Devices []node `json:"blockdevices"`
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, fmt.Errorf("read lsblk: %w", err)
	}
	if doc.Devices == nil {
		return nil, fmt.Errorf("read lsblk: no block devices in the answer")
	}
	var disks []Disk
	flat := flatten(nil, doc.Devices, "")
	upon := map[string][]string{}
	for _, n := range flat {
		if n.KName == "" || n.Path == "" {
			return nil, fmt.Errorf("read lsblk: a device has no name")
		}
		if n.Parent != "" && !slices.Contains(upon[n.Parent], n.Path) {
			upon[n.Parent] = append(upon[n.Parent], n.Path)
		}
	}
	seen := map[string]bool{}
	for _, n := range flat {
		if seen[n.KName] {
			continue
		}
		seen[n.KName] = true
		disks = append(disks, Disk{Path: n.Path, KName: n.KName, SizeBytes: int64(n.Size), Rotational: bool(n.Rotational),
			Model: strings.TrimSpace(n.Model), Serial: strings.TrimSpace(n.Serial), WWN: n.WWN,
			Names: upon[n.KName], Unfit: unfit(n), Holds: holds(n, upon[n.KName])})
	}
	return disks, nil
}

func flatten(to, list []node, parent string) []node {
	for _, n := range list {
		if parent != "" {
			n.Parent = parent
		}
		to = append(to, n)
		to = flatten(to, n.Children, n.KName)
	}
	return to
}

// number is a size; older versions of lsblk quote it.
type number int64

// UnmarshalJSON reads the size.
func (n *number) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "null" || s == "" {
		*n = 0
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no size in bytes", s)
	}
	*n = number(v)
	return nil
}

// flag is a boolean; older versions of lsblk write "0" and "1".
type flag bool

// UnmarshalJSON reads the flag.
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.Trim(string(data), `"`) {
	case "true", "1":
		*f = true
	case "false", "0", "null", "":
		*f = false
	default:
		return fmt.Errorf("%s is neither true nor false", data)
	}
	return nil
}
