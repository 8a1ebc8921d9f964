package zfs

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	poolFields = "name,size,allocated,free,health,readonly"
	listFields = "name,type,used,available,volsize,volblocksize,origin,keystatus," + propUUID + "," + propAside
)

type poolRow struct {
	name     string
	health   string
	readOnly bool
}

type row struct {
	name      string
	kind      string
	used      int64
	available int64
	volsize   int64
	blockSize int64
	origin    string
	locked    bool
	uuid      string
	aside     string
}

// parsePools reads zpool list -H -p -o poolFields.
func parsePools(out []byte) ([]poolRow, error) {
	var rows []poolRow
	err := lines(out, 6, func(f []string) error {
		rows = append(rows, poolRow{name: f[0], health: f[4], readOnly: f[5] == "on"})
		return nil
	})
	return rows, err
}

// parseList reads zfs list -H -p -o listFields.
func parseList(out []byte) ([]row, error) {
	var rows []row
	err := lines(out, 10, func(f []string) (err error) {
		r := row{name: f[0], kind: f[1], origin: dash(f[6]), locked: f[7] == "unavailable", uuid: dash(f[8]), aside: dash(f[9])}
		for i, to := range []*int64{&r.used, &r.available, &r.volsize, &r.blockSize} {
			if *to, err = number(f[2+i]); err != nil {
				return err
			}
		}
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// lines splits scripted output, in which one tab separates the fields.
func lines(out []byte, fields int, each func(f []string) error) error {
	if len(out) > 0 && out[len(out)-1] != '\n' {
		return fmt.Errorf("the output of zfs is cut off")
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != fields || f[0] == "" {
			return fmt.Errorf("%q does not have %d fields", line, fields)
		}
		if err := each(f); err != nil {
			return fmt.Errorf("line of %s: %w", f[0], err)
		}
	}
	return nil
}

func dash(s string) string {
	if s == "-" {
		return ""
	}
	return s
}

func number(s string) (int64, error) {
	if s == "-" || s == "none" || s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no size in bytes", s)
	}
	return n, nil
}
