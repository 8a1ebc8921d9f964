package sim

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// drbdmeta reads and writes metadata on devices.
func (d *DRBD) drbdmeta(c run.Cmd) run.Result {
	o, bad := parseArgs(c, "force", "node-id:", "al-stripes:", "al-stripe-size-kB:", "peer-max-bio-size:")
	if bad != nil {
		bad.ExitCode = 20
		return *bad
	}
	if len(o.rest) < 5 || o.rest[1] != "v09" || o.rest[3] != "internal" && o.rest[3] != "flex-external" {
		return usage(c, "anything but MINOR v09 DEVICE internal|flex-external COMMAND")
	}
	dev := d.m.lookDevice(o.rest[2])
	if dev == nil {
		return fail(20, "open(%s) failed: No such file or directory", o.rest[2])
	}
	md, internal, command := readMD(dev), o.rest[3] == "internal", o.rest[4]
	id, err := strconv.Atoi(o.set["node-id"])
	if byPeer := strings.HasSuffix(command, "-gi") || command == "forget-peer"; byPeer && (err != nil || id < 0 || id > 31) {
		return fail(10, "The %s command requires the --node-id option", command)
	}
	reads := map[string]bool{"dump-md": true, "get-gi": true, "show-gi": true}[command]
	switch v := d.minorOf(o.rest[0]); {
	case v != nil && v.md != nil && !reads:
		return fail(20, "Device '%s' is configured!", o.rest[0])
	case dev.open() && !reads:
		return fail(20, "open(%s) failed: Device or resource busy", o.rest[2])
	case command == "create-md":
		return d.createMD(c, o, dev, md, internal)
	case md == nil:
		return fail(1, "No valid meta data found")
	}
	switch command {
	case "dump-md":
		return d.dumpMD(c, dev, md, internal)
	case "get-gi", "show-gi":
		return ok("%s\n", md.giLine(id, false))
	case "set-gi":
		return d.setGI(c, o, dev, md, id)
	case "wipe-md":
		dev.content().Set(markDRBD, "")
		d.m.changed()
		return ok("Wiping meta data...\nDRBD meta data block successfully wiped out.\n")
	case "check-resize":
		if !internal || md.DeviceBytes == dev.size() {
			return ok("")
		}
		md.DeviceBytes = dev.size()
	case "apply-al":
		md.Unclean = false
	case "outdate":
		md.UpToDate = false
	case "invalidate":
		md.Consistent, md.UpToDate = false, false
	case "forget-peer":
		md.forget(id)
	default:
		return usage(c, "the command")
	}
	if writeMD(dev, md) {
		d.m.changed()
	}
	return ok("")
}

func (d *DRBD) dumpMD(c run.Cmd, dev *Device, md *drbdMD, internal bool) run.Result {
	res := run.Result{Stdout: []byte(md.dump(strings.Join(c.Argv, " "), dev, internal))}
	if md.Unclean {
		res.Stderr = []byte("Found meta data is \"unclean\", please apply-al first\n")
	}
	if dev.open() {
		res.Stdout = fmt.Appendf(res.Stdout, "# Output might be stale, since minor %s is attached\n", c.Argv[1])
	}
	return res
}

func (d *DRBD) createMD(c run.Cmd, o options, dev *Device, old *drbdMD, internal bool) run.Result {
	md := &drbdMD{NodeID: -1, ALStripes: 1, ALStripeKiB: 32, BlockBytes: 4096, Current: drbdJustCreated, DeviceBytes: dev.size(),
		Bitmap: map[int]uint64{}, Slots: map[int]int{}, Dirty: map[int]map[string]bool{}, Full: map[int]bool{}, Seen: map[int]bool{}, Exists: map[int]bool{}}
	for name, to := range map[string]*int{"al-stripes": &md.ALStripes, "al-stripe-size-kB": &md.ALStripeKiB} {
		if v, given := o.set[name]; given {
			*to, _ = strconv.Atoi(v)
		}
	}
	if len(o.rest) != 6 {
		return usage(c, "create-md without the number of peers")
	}
	md.MaxPeers, _ = strconv.Atoi(o.rest[5])
	switch {
	case md.MaxPeers < 1 || md.MaxPeers > 31 || md.ALStripes < 1 || md.ALStripeKiB < 4:
		return fail(20, "invalid layout of the meta data")
	case internal && md.netKiB(dev.size(), true) < 4:
		return fail(20, "Device size too small for internal meta data")
	case old != nil && !o.has("force"):
		return fail(1, "Do you really want to overwrite the existing meta-data?\nOperation canceled.")
	case old == nil && internal && fsType(dev) != "":
		return fail(40, "Found %s filesystem\n\nDevice size would be truncated, which\nwould corrupt data and result in\n"+
			"'access beyond end of device' errors.\nOperation refused.\n", fsType(dev))
	}
	writeMD(dev, md)
	d.m.changed()
	return ok("initializing activity log\nWriting meta data...\nNew drbd meta data block successfully created.\n")
}

// setGI reads identifiers and flags between colons; what is empty stays as it was.
func (d *DRBD) setGI(c run.Cmd, o options, dev *Device, md *drbdMD, id int) run.Result {
	if len(o.rest) != 6 {
		return usage(c, "set-gi without identifiers")
	}
	before := md.giLine(id, false)
	words := strings.Split(o.rest[5], ":")
	for i, w := range words {
		if w == "" {
			continue
		}
		u, err := strconv.ParseUint(w, 16, 64)
		switch {
		case err != nil || i >= 4 && u > 1:
			return fail(10, "parse error in the argument of set-gi")
		case i == 0:
			md.Current = u
		case i == 1:
			md.Bitmap[id] = u
		case i < 4:
			md.remember(u)
		case i == 4:
			md.Consistent = u == 1
		case i == 5:
			md.UpToDate = u == 1
		default:
			return usage(c, "a flag beyond up-to-date")
		}
	}
	if !o.has("force") {
		return fail(1, "Write new GI to disk?\nOperation canceled.")
	}
	md.Consistent = md.Consistent || md.UpToDate
	md.Dirty = maps.Clone(md.Dirty)
	if writeMD(dev, md) {
		d.m.changed()
	}
	return ok("previously %s\nset GI to  %s\n", before, md.giLine(id, false))
}
