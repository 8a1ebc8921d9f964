package lvm

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// report is the frame of --reportformat json; all values are strings there.
type report struct {
	Report []struct {
		LV []lvRow `json:"lv"`
		VG []vgRow `json:"vg"`
		PV []pvRow `json:"pv"`
	} `json:"report"`
}

type vgRow struct {
	Name      string `json:"vg_name"`
	Attr      string `json:"vg_attr"`
	Size      bytes  `json:"vg_size"`
	Free      bytes  `json:"vg_free"`
	Extent    bytes  `json:"vg_extent_size"`
	MissingPV count  `json:"vg_missing_pv_count"`
	Tags      words  `json:"vg_tags"`
	PV        string `json:"pv_name"`
	PVUsed    bytes  `json:"pv_used"`
	PVMissing string `json:"pv_missing"`
}

type lvRow struct {
	Name        string  `json:"lv_name"`
	VG          string  `json:"vg_name"`
	Size        bytes   `json:"lv_size"`
	Attr        string  `json:"lv_attr"`
	SegType     string  `json:"segtype"`
	Pool        string  `json:"pool_lv"`
	Origin      string  `json:"origin"`
	Data        percent `json:"data_percent"`
	Meta        percent `json:"metadata_percent"`
	Health      string  `json:"lv_health_status"`
	CheckNeeded string  `json:"lv_check_needed"`
	Chunk       bytes   `json:"chunk_size"`
	Active      string  `json:"lv_active"`
	Open        string  `json:"lv_device_open"`
	Path        string  `json:"lv_path"`
	Role        string  `json:"lv_role"`
	Tags        words   `json:"lv_tags"`
}

type pvRow struct {
	Name string `json:"pv_name"`
	VG   string `json:"vg_name"`
}

// parse reads one report. lvm ends a report properly even where it had to leave
// out a volume group, so a broken one means that nothing is known.
func parse(out []byte) (lvs []lvRow, vgs []vgRow, pvs []pvRow, err error) {
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, nil, nil, fmt.Errorf("read lvm report: %w", err)
	}
	if len(r.Report) == 0 {
		return nil, nil, nil, fmt.Errorf("read lvm report: no report in the answer")
	}
	for _, part := range r.Report {
		lvs = append(lvs, part.LV...)
		vgs = append(vgs, part.VG...)
		pvs = append(pvs, part.PV...)
	}
	return lvs, vgs, pvs, nil
}

// bytes is a size with --units b --nosuffix; empty where lvm has none to tell.
type bytes int64

// UnmarshalJSON reads the size.
func (b *bytes) UnmarshalJSON(data []byte) error {
	n, err := number(data)
	*b = bytes(n)
	return err
}

func (b bytes) kib() int64 { return int64(b) / 1024 }

type count int64

// UnmarshalJSON reads the number.
func (c *count) UnmarshalJSON(data []byte) error {
	n, err := number(data)
	*c = count(n)
	return err
}

func number(data []byte) (int64, error) {
	s := strings.Trim(string(data), `"`)
	if s == "" || s == "null" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no size in bytes", s)
	}
	return n, nil
}

// percent is a fill; −1 where lvm does not know it, as for inactive volumes.
type percent float64

// UnmarshalJSON reads the fill.
func (p *percent) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	if s == "" || s == "null" {
		*p = -1
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= 100) {
		return fmt.Errorf("%q is no percentage", s)
	}
	*p = percent(f)
	return nil
}

// words is a list that lvm joins with commas, such as tags.
type words []string

// UnmarshalJSON reads the list.
func (w *words) UnmarshalJSON(data []byte) error {
	var s string
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*w = nil
	if s != "" {
		*w = strings.Split(s, ",")
	}
	return nil
}

// attr is one character of lv_attr or vg_attr.
func attr(s string, i int) byte {
	if i >= len(s) {
		return 0
	}
	return s[i]
}

func (l lvRow) thinPool() bool { return l.SegType == "thin-pool" }

// active tells whether there is a device; it is there while suspended, too.
func (l lvRow) active() bool {
	c := attr(l.Attr, 4)
	return c == 'a' || c == 's' || l.Active == "active"
}
