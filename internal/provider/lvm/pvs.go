package lvm

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// readSelections asks pvs once for each different StorDriver/LvcreatePvSelection
// of thick pools. Without the property no command is needed: vgs has told the PVs.
func readSelections(ctx context.Context, h run.Host, pools []provider.Pool, f *facts) error {
	f.selected = map[string][]pvRow{}
	for _, p := range pools {
		line := p.Props[KeyPVSelection]
		if _, done := f.selected[line]; line == "" || done || p.Kind != v1.ProviderKindLvm {
			continue
		}
		args, err := selectionArgs(line)
		if err != nil {
			continue // poolState says so for every pool concerned
		}
		c := command("pvs", append([]string{"--reportformat", "json", "-o", "pv_name,vg_name"}, args...)...)
		r, err := run.Must(ctx, h, c)
		if err != nil {
			return fmt.Errorf("list physical volumes by %s: %w", KeyPVSelection, err)
		}
		_, _, rows, err := parse(r.Stdout)
		if err != nil {
			return fmt.Errorf("list physical volumes by %s: %w", KeyPVSelection, err)
		}
		f.selected[line] = rows
	}
	return nil
}

// selectionArgs lets only through what sorts and selects.
func selectionArgs(line string) ([]string, error) {
	words, err := optline.Words(line)
	if err != nil {
		return nil, badProperty(KeyPVSelection, err.Error(), "Mend the quoting of the property.")
	}
	for i := 0; i < len(words); i++ {
		name, _, joined := strings.Cut(words[i], "=")
		if !slices.Contains([]string{"--sort", "-O", "--select", "-S"}, name) {
			return nil, badProperty(KeyPVSelection, fmt.Sprintf("%q is neither --sort nor --select", words[i]),
				"Use --sort FIELD and --select 'CRITERIA' only.")
		}
		if joined {
			continue
		}
		if i++; i == len(words) {
			return nil, badProperty(KeyPVSelection, name+" has no value", "Give the value after the option.")
		}
	}
	return words, nil
}

// choosePVs is the list of PVs for a new thick volume, blank-separated: what the
// property selects, else all of a group that has several, least used first.
func choosePVs(p provider.Pool, g volumeGroup, f facts) (string, error) {
	line := p.Props[KeyPVSelection]
	if line == "" {
		if len(g.pvs) < 2 {
			return "", nil
		}
		return strings.Join(g.pvs, " "), nil
	}
	if _, err := selectionArgs(line); err != nil {
		return "", err
	}
	var names []string
	for _, row := range f.selected[line] {
		if row.VG == g.Name && strings.HasPrefix(row.Name, "/") {
			names = append(names, row.Name)
		}
	}
	if len(names) == 0 {
		return "", badProperty(KeyPVSelection,
			fmt.Sprintf("%q selects no physical volume of volume group %s", line, g.Name),
			"Widen the selection, or delete the property to use all physical volumes.")
	}
	return strings.Join(names, " "), nil
}
