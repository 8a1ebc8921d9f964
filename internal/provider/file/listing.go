package file

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// entry is a file of a pool directory that concerns us.
type entry struct {
	name      string
	kind      string
	bytes     int64
	allocated int64
	dev, ino  uint64
}

// listing is what find says about the pool directories.
type listing struct {
	// entries by directory; a directory without a key is not there.
	entries map[string][]entry
	// complaints by directory: its entries may not be complete.
	complaints map[string]string
}

// listFormat prints one entry. NUL ends it because a name can hold anything else.
const listFormat = `%H\t%d\t%y\t%s\t%b\t%D\t%i\t%f\0`

// listCommand lists images, sidecars and, because a directory can be in the place
// of an image, directories; among them the pool directories themselves.
func listCommand(dirs []string) run.Cmd {
	argv := append([]string{"find", "-H"}, dirs...)
	return run.Command(append(argv, "-ignore_readdir_race", "-maxdepth", "1",
		"(", "-type", "d", "-o", "-name", "*"+imageSuffix, "-o", "-name", ".*"+sidecarSuffix, ")",
		"-printf", listFormat)...)
}

func list(ctx context.Context, h run.Host, dirs []string) (listing, error) {
	res, err := h.Run(ctx, listCommand(dirs))
	if err != nil {
		return listing{}, fmt.Errorf("list pool directories: %w", err)
	}
	// find exits with 1 when it complained about some path; the rest is good.
	if res.ExitCode > 1 {
		return listing{}, fmt.Errorf("list pool directories: %w", &run.ExitError{Cmd: listCommand(dirs), Result: res})
	}
	l, err := parseListing(res.Stdout)
	if err != nil {
		return l, err
	}
	l.complaints = complaints(string(res.Stderr), dirs)
	return l, nil
}

func parseListing(out []byte) (listing, error) {
	l := listing{entries: map[string][]entry{}}
	for rec := range strings.SplitSeq(string(out), "\x00") {
		if rec == "" {
			continue
		}
		dir, depth, e, err := parseEntry(rec)
		if err != nil {
			return l, err
		}
		switch {
		case depth == "0" && e.kind == "d":
			l.entries[dir] = append([]entry{}, l.entries[dir]...)
		case depth == "1":
			l.entries[dir] = append(l.entries[dir], e)
		}
	}
	return l, nil
}

func parseEntry(rec string) (dir, depth string, e entry, err error) {
	f := strings.SplitN(rec, "\t", 8)
	if len(f) != 8 {
		return "", "", e, fmt.Errorf("parse find output: %d fields in %q", len(f), rec)
	}
	e = entry{kind: f[2], name: f[7]}
	var blocks int64
	for _, n := range []struct {
		text string
		into *int64
	}{{f[3], &e.bytes}, {f[4], &blocks}} {
		if *n.into, err = strconv.ParseInt(n.text, 10, 64); err != nil {
			return "", "", e, fmt.Errorf("parse find output %q: %w", rec, err)
		}
	}
	for _, n := range []struct {
		text string
		into *uint64
	}{{f[5], &e.dev}, {f[6], &e.ino}} {
		if *n.into, err = strconv.ParseUint(n.text, 10, 64); err != nil {
			return "", "", e, fmt.Errorf("parse find output %q: %w", rec, err)
		}
	}
	e.allocated = blocks * 512
	return f[0], f[1], e, nil
}

// complaints gives each directory the first line of stderr about it or something
// in it. A pool can be in the directory of another one, so the longest path counts.
func complaints(stderr string, dirs []string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(stderr, "\n") {
		about := ""
		for _, dir := range dirs {
			named := strings.Contains(line, "'"+dir+"'") || strings.Contains(line, "'"+dir+"/")
			if named && len(dir) > len(about) {
				about = dir
			}
		}
		if about != "" && out[about] == "" {
			out[about] = strings.TrimSpace(line)
		}
	}
	return out
}
