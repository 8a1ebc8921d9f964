// Package bcache is the layer that puts a bcache in front of a volume: a fast device,
// the part .bcache, keeps what is often used, and what was written if so wanted.
//
// Invariants:
//   - A cache set is ours by its UUID, which is made of the volume's. It is in the
//     superblocks of both devices; one with another UUID is never registered.
//   - The device is offered only with its cache attached: the cache may hold the only
//     copy of what was written.
//   - Before a device is stopped its cache is written back, deletions included, for they
//     can be taken back. It stays attached, so that it is still known as ours.
//   - A superblock is written only with the grant to make the volume, and never on a
//     cache whose volume has one already.
package bcache

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/devmapper"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

const (
	suffix     = ".bcache"
	keySize    = "BCache/Size"
	keyBlock   = "BCache/Blocksize"
	keyBucket  = "BCache/Bucketsize"
	keyOffset  = "BCache/DataOffset"
	keyDiscard = "BCache/Discard"
	keyWrite   = "BCache/Writeback"
	keyPolicy  = "BCache/CacheReplacementPolicy"
	// leastKiB is the least size of a cache that the property's documentation allows.
	leastKiB = 524288
	// leastOffset is where data begins on the slow device at the earliest, in sectors.
	leastOffset = 16
)

// Layer drives bcache; New makes one.
type Layer struct{}

var (
	_ layer.Layer     = Layer{}
	_ layer.Explainer = Layer{}
)

// New makes the layer.
func New() Layer { return Layer{} }

// Kind is BCACHE.
func (Layer) Kind() v1.LayerType { return v1.LayerTypeBcache }

// Support asks for the tool and the kernel's module.
func (Layer) Support(ctx context.Context, h run.Host) layer.Support {
	var out layer.Support
	// It has no option that ends well: without a device it shows its usage and fails.
	r, err := h.Run(ctx, run.Command("make-bcache", "--help"))
	if err != nil || !strings.Contains(string(r.Stdout)+string(r.Stderr), "--cset-uuid") {
		out.Reasons = append(out.Reasons, "the tool make-bcache cannot be run; install the package bcache-tools")
	}
	if why := devmapper.Module(ctx, h, "bcache"); why != "" {
		out.Reasons = append(out.Reasons, why)
	}
	return out
}

// LowerKiB adds the superblock, which comes in front of the data.
func (Layer) LowerKiB(_ *link.Resource, v *link.Volume, sizeKiB int64) (int64, error) {
	offset, err := dataOffset(v.Props)
	if err != nil {
		return 0, err
	}
	return devmapper.AlignKiB(sizeKiB) + offset/2, nil
}

// UpperKiB is what is left behind the superblock, in whole 4 KiB.
func (Layer) UpperKiB(r *link.Resource, v *link.Volume, lowerKiB int64) (int64, error) {
	offset, err := dataOffset(v.Props)
	if err != nil {
		return 0, err
	}
	kib := (lowerKiB - offset/2) &^ 3
	if kib <= 0 {
		return 0, fault.New(v1.FailInvalidVolumeSize, "Volume %d of resource '%s' is too small for the layer BCACHE.", v.Number, r.Name).
			Because("its superblock takes %d KiB of the device's %d KiB", offset/2, lowerKiB).Fix("Use a larger volume.")
	}
	return kib, nil
}

// Parts gives the size of the cache.
func (Layer) Parts(_ *link.Resource, v *link.Volume, sizeKiB int64) ([]link.Part, error) {
	kib, err := devmapper.PartKiB(v.Props, keySize, "5%", sizeKiB, leastKiB)
	if err != nil {
		return nil, err
	}
	return []link.Part{{Suffix: suffix, SizeKiB: kib}}, nil
}

// setUUID is the identity of a volume's cache set.
func setUUID(v *link.Volume) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte("bcache/"+v.UUID)).String()
}

// dataOffset is where the data begins, in sectors of 512 bytes.
func dataOffset(props map[string]string) (int64, error) {
	n, err := devmapper.Whole(props, keyOffset, leastOffset)
	if err != nil {
		return 0, err
	}
	if n < leastOffset || n%8 != 0 || n > 1<<31 {
		return 0, devmapper.BadProperty(keyOffset, props[keyOffset], "a multiple of 8 from 16 on; it counts sectors of 512 bytes")
	}
	return n, nil
}

// power reads a property that is a power of two; empty where it is not set.
func power(props map[string]string, key string, least, most int64, right string) (string, error) {
	n, err := devmapper.Whole(props, key, 0)
	if err != nil || props[key] == "" {
		return "", err
	}
	if n < least || n > most || n&(n-1) != 0 {
		return "", devmapper.BadProperty(key, props[key], right)
	}
	return strconv.FormatInt(n, 10), nil
}

// formatting are the arguments of make-bcache for the cache and for the slow device.
func formatting(v *link.Volume) (cache, data []string, err error) {
	both := []string{"make-bcache", "--cset-uuid", setUUID(v)}
	for _, o := range []struct {
		key, option, right string
		least, most        int64
	}{
		{keyBlock, "--block", "a power of two from 512 to 4096; it counts bytes", 512, 4096},
		{keyBucket, "--bucket", "a power of two from 4096 to 16777216; it counts bytes", 4096, 16 << 20},
	} {
		value, err := power(v.Props, o.key, o.least, o.most, o.right)
		if err != nil {
			return nil, nil, err
		}
		if value != "" {
			both = append(both, o.option, value)
		}
	}
	cache = append(cache, both...)
	if isTrue(v.Props[keyDiscard]) {
		cache = append(cache, "--discard")
	}
	switch p := v.Props[keyPolicy]; p {
	case "":
	case "lru", "fifo":
		cache = append(cache, "--cache_replacement_policy="+p)
	default:
		return nil, nil, devmapper.BadProperty(keyPolicy, p, "lru or fifo")
	}
	data = append(data, both...)
	offset, err := dataOffset(v.Props)
	if err != nil {
		return nil, nil, err
	}
	if offset != leastOffset {
		data = append(data, "--data-offset", strconv.FormatInt(offset, 10))
	}
	if isTrue(v.Props[keyWrite]) {
		data = append(data, "--writeback")
	}
	return append(cache, "-C"), append(data, "-B"), nil
}

func isTrue(value string) bool { return strings.EqualFold(value, "true") }

// mode is the wanted cache mode in the kernel's words.
func mode(v *link.Volume) string {
	if isTrue(v.Props[keyWrite]) {
		return "writeback"
	}
	return "writethrough"
}

// complaints are what make-bcache and the kernel say when something is refused.
var complaints = []struct {
	words, message, fix string
	code                v1.Code
}{
	{"Not enough buckets", "The cache device is too small for bcache.", "Set a larger BCache/Size, or a smaller BCache/Bucketsize.", v1.FailInvalidProp},
	{"non-bcache superblock", "A device for bcache holds something else already.", "Look with wipefs what it is. Nothing was changed.", v1.FailExistsVolume},
	{"Already a bcache device", "A device for bcache has a superblock of bcache already.", "Look with bcache-super-show whose it is. Nothing was changed.", v1.FailExistsVolume},
	{"resource busy", "A device for bcache is in use.", "Find out with lsblk what uses it.", v1.FailInUse},
}

// Explain turns a complaint into a fault; nil where it means nothing.
func (Layer) Explain(c run.Cmd, r run.Result) error {
	said := strings.TrimSpace(string(r.Stderr) + "\n" + string(r.Stdout))
	for _, k := range complaints {
		if strings.Contains(said, k.words) {
			return fault.New(k.code, "%s", k.message).Because("%s said: %s", c.Argv[0], strings.ReplaceAll(said, "\n", "; ")).Fix("%s", k.fix)
		}
	}
	if c.Argv[0] == "tee" && strings.Contains(said, "Invalid argument") {
		return fault.New(v1.FailUnknownError, "The kernel refuses a request to bcache.").
			Because("%s said: %s", c, strings.ReplaceAll(said, "\n", "; ")).Fix("Look at the kernel's log (dmesg) for the reason.")
	}
	return nil
}
