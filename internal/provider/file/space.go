package file

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// fileSystem is what df says about a directory's file system.
type fileSystem struct {
	kind  string
	space provider.Space
}

// measure asks for the space behind all directories with one command.
func measure(ctx context.Context, h run.Host, dirs []string) (map[string]fileSystem, error) {
	c := run.Command(append([]string{"df", "--block-size=1K", "--output=fstype,size,avail,file"}, dirs...)...)
	res, err := h.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("measure pool directories: %w", err)
	}
	// df exits with 1 when a path was missing; the lines of the others are good.
	if res.ExitCode > 1 {
		return nil, fmt.Errorf("measure pool directories: %w", &run.ExitError{Cmd: c, Result: res})
	}
	return parseSpace(string(res.Stdout))
}

func parseSpace(out string) (map[string]fileSystem, error) {
	found := map[string]fileSystem{}
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	for _, line := range lines[1:] { // the first one is the header
		var words [3]string
		rest := line
		for i := range words {
			rest = strings.TrimLeft(rest, " ")
			word, after, cut := strings.Cut(rest, " ")
			if !cut {
				return nil, fmt.Errorf("parse df output: too few fields in %q", line)
			}
			words[i], rest = word, after
		}
		total, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("parse df output %q: %w", line, err)
		}
		free, err := strconv.ParseInt(words[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("parse df output %q: %w", line, err)
		}
		dir := strings.TrimLeft(rest, " ")
		found[dir] = fileSystem{kind: words[0], space: provider.Space{TotalKiB: total, FreeKiB: max(free, 0),
			DataPercent: -1, MetaPercent: -1, GranularityKiB: granularityKiB, MinIOSizeBytes: 512}}
	}
	return found, nil
}

// canAllocate tells whether a type of file system can allocate space ahead. The
// list names those whose Linux drivers have no fallocate; an unlisted one shows
// its refusal when a volume is made.
func canAllocate(kind string) bool {
	switch kind {
	case "zfs", "nfs", "9p", "exfat", "ecryptfs", "jfs", "reiserfs", "minix", "hfs", "hfsplus", "udf", "ufs":
		return false
	}
	return true
}

// directIO tells whether a type of file system takes direct I/O for loop devices,
// which spares a second copy in the page cache. btrfs is left out: a buffer that
// changes while it is written breaks its checksums.
func directIO(kind string) bool {
	switch kind {
	case "ext2", "ext3", "ext4", "xfs", "f2fs":
		return true
	}
	return false
}

// noteFileSystem is the note of a pool that holds the type of its file system.
const noteFileSystem = "fs"
