// Package writecache is the layer that puts a dm-writecache in front of a volume:
// what is written is done when it is on the fast device, and goes to the slow one
// later. The fast device is the part .cache.
package writecache

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider/optline"
	"github.com/holdfast-storage/holdfast/internal/run"
)

const (
	suffix   = ".cache"
	keySize  = "Writecache/Size"
	keyStart = "Writecache/Options/StartSector"
	// blockSize is the size of the cache's blocks in bytes; the kernel recommends it.
	blockSize = 4096
	// leastKiB is what a cache needs to be of any use beside its own table.
	leastKiB = 4096
)

// Layer drives dm-writecache; New makes one.
type Layer struct{ kind devmapper.Kind }

// New makes the layer.
func New() *Layer {
	return &Layer{devmapper.Kind{Layer: v1.LayerTypeWritecache, Target: "writecache", Module: "dm-writecache",
		Prefix: "linstor_writecache_", Mark: "HOLDFAST-WRITECACHE-", Suffixes: []string{suffix},
		Magic: magic, Start: start, Table: table, Drain: drain, Trouble: trouble}}
}

// Kind is WRITECACHE.
func (*Layer) Kind() v1.LayerType { return v1.LayerTypeWritecache }

// Support asks for dmsetup and the kernel's target.
func (l *Layer) Support(ctx context.Context, h run.Host) layer.Support {
	return l.kind.Support(ctx, h)
}

// Scan lists the devices of the device mapper.
func (l *Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	return devmapper.Scan(ctx, h, l.kind.Target)
}

// Probe looks at the caches of devices that do not run.
func (l *Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	return l.kind.Probe(ctx, h, in)
}

// Plan gives the next steps.
func (l *Layer) Plan(in layer.Input) (layer.Output, error) { return l.kind.Plan(in) }

// LowerKiB is the same size, in whole blocks.
func (*Layer) LowerKiB(_ *link.Resource, _ *link.Volume, sizeKiB int64) (int64, error) {
	return devmapper.AlignKiB(sizeKiB), nil
}

// UpperKiB is the same size, in whole blocks.
func (*Layer) UpperKiB(_ *link.Resource, _ *link.Volume, lowerKiB int64) (int64, error) {
	return lowerKiB &^ 3, nil
}

// Parts gives the size of the cache.
func (*Layer) Parts(_ *link.Resource, v *link.Volume, sizeKiB int64) ([]link.Part, error) {
	first, err := start(v)
	if err != nil {
		return nil, err
	}
	kib, err := devmapper.PartKiB(v.Props, keySize, "", sizeKiB, leastKiB+first/2)
	if err != nil {
		return nil, err
	}
	return []link.Part{{Suffix: suffix, SizeKiB: kib}}, nil
}

// Explain knows what dmsetup complains about.
func (l *Layer) Explain(c run.Cmd, r run.Result) error { return l.kind.Explain(c, r) }

// superblock begins every used cache device.
const superblock = 0x23489321

func magic(head []byte) bool {
	return len(head) >= 4 && binary.LittleEndian.Uint32(head) == superblock
}

// start is the sector at which the cache begins, in whole blocks.
func start(v *link.Volume) (int64, error) {
	n, err := devmapper.Whole(v.Props, keyStart, 0)
	if err != nil {
		return 0, err
	}
	if n%(blockSize/512) != 0 {
		return 0, devmapper.BadProperty(keyStart, v.Props[keyStart], "a multiple of 8, for the cache has blocks of 4 KiB")
	}
	return n, nil
}

// table is all after the name of the target: s ORIGIN CACHE 4096 COUNT OPTIONS...
func table(v *link.Volume, lower layer.Device) (string, error) {
	opts, err := options(v.Props)
	if err != nil {
		return "", err
	}
	words := []string{"s", lower.Path, lower.Parts[suffix].Path, strconv.Itoa(blockSize), strconv.Itoa(len(opts))}
	return strings.Join(append(words, opts...), " "), nil
}

func options(props map[string]string) ([]string, error) {
	var out []string
	for _, o := range []struct{ key, word string }{
		{"StartSector", "start_sector"}, {"HighWatermark", "high_watermark"}, {"LowWatermark", "low_watermark"},
		{"WritebackJobs", "writeback_jobs"}, {"AutocommitBlocks", "autocommit_blocks"}, {"AutocommitTime", "autocommit_time"},
	} {
		key := "Writecache/Options/" + o.key
		n, err := devmapper.Whole(props, key, -1)
		if err != nil {
			return nil, err
		}
		if n >= 0 {
			out = append(out, o.word, strconv.FormatInt(n, 10))
		}
	}
	switch fua := props["Writecache/Options/Fua"]; strings.ToLower(fua) {
	case "":
	case "on":
		out = append(out, "fua")
	case "off":
		out = append(out, "nofua")
	default:
		return nil, devmapper.BadProperty("Writecache/Options/Fua", fua, "On or Off")
	}
	more, err := optline.Words(props["Writecache/Options/Additional"])
	if err != nil {
		return nil, devmapper.BadProperty("Writecache/Options/Additional", props["Writecache/Options/Additional"], "arguments of dm-writecache: "+err.Error())
	}
	return append(out, more...), nil
}

// counts reads ERRORS BLOCKS FREE … of a state.
func counts(d devmapper.Device) (failed, blocks, free int64, err error) {
	if len(d.Status) < 3 {
		return 0, 0, 0, fmt.Errorf("the state of %s is not known: '%s'", d.Name, strings.Join(d.Status, " "))
	}
	out := [3]int64{}
	for i := range out {
		if out[i], err = strconv.ParseInt(d.Status[i], 10, 64); err != nil {
			return 0, 0, 0, fmt.Errorf("the state of %s is not known: %w", d.Name, err)
		}
	}
	return out[0], out[1], out[2], nil
}

func trouble(d devmapper.Device) string {
	if failed, _, _, err := counts(d); err == nil && failed != 0 {
		return fmt.Sprintf("the write cache %s reports the error %d of a device below it", d.Name, failed)
	}
	return ""
}

var errFailed = errors.New("the write cache reports an error of a device below it, and may hold data that was not written back")

// drain lets the kernel write back; the message ends when that is done, and fails if
// it could not be done.
func drain(d devmapper.Device) (devmapper.Drained, error) {
	failed, blocks, free, err := counts(d)
	switch {
	case err != nil:
		return devmapper.Drained{}, err
	case failed != 0:
		return devmapper.Drained{}, errFailed
	}
	out := devmapper.Drained{Clean: true}
	if free < blocks {
		out.Steps = append(out.Steps, devmapper.Flush(d.Name))
	}
	return out, nil
}
