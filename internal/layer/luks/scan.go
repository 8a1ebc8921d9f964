package luks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// mapping is a device of the device mapper.
type mapping struct {
	// uuid is the plain identifier in the header of an open container; empty for
	// every other kind of device.
	uuid     string
	open     int
	sizeKiB  int64
	discards bool
}

// scanned has the mappings by name.
type scanned map[string]mapping

// Scan implements layer.Layer with two commands.
func (Layer) Scan(ctx context.Context, h run.Host) (any, error) {
	out := scanned{}
	r, err := run.Must(ctx, h, run.Command("dmsetup", "info", "-c", "--noheadings", "--separator", "|", "-o", "open,uuid,name"))
	if err != nil {
		return nil, fmt.Errorf("list the open devices: %w", err)
	}
	for line := range strings.Lines(string(r.Stdout)) {
		f := strings.SplitN(strings.TrimSpace(line), "|", 3)
		if len(f) != 3 {
			continue // No devices found
		}
		open, err := strconv.Atoi(strings.TrimSpace(f[0]))
		if err != nil {
			return nil, fmt.Errorf("list the open devices: open count %q of %s", f[0], f[2])
		}
		out[f[2]] = mapping{open: open, uuid: cryptUUID(f[1])}
	}
	if r, err = run.Must(ctx, h, run.Command("dmsetup", "table", "--target", "crypt")); err != nil {
		return nil, fmt.Errorf("list the tables of the open devices: %w", err)
	}
	for line := range strings.Lines(string(r.Stdout)) {
		name, table, ok := strings.Cut(strings.TrimSpace(line), ": ")
		f := strings.Fields(table)
		m, known := out[name]
		if !ok || !known || len(f) < 8 {
			continue
		}
		sectors, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list the tables of the open devices: size %q of %s", f[1], name)
		}
		m.sizeKiB += sectors / 2
		m.discards = strings.Contains(" "+strings.Join(f[8:], " ")+" ", " allow_discards ")
		out[name] = m
	}
	return out, nil
}

// cryptUUID reads the header's identifier out of that of the device mapper.
func cryptUUID(dm string) string {
	rest, ok := strings.CutPrefix(dm, "CRYPT-LUKS")
	if f := strings.SplitN(rest, "-", 3); ok && len(f) == 3 {
		return strings.ToLower(f[1])
	}
	return ""
}

// header is what is at the beginning of a device.
type header struct {
	// kind is the signature; empty for none.
	kind string
	// uuid is the plain identifier in a LUKS header.
	uuid string
	// empty tells that the header has no key; it is looked at only where the volume
	// may be made.
	empty bool
	// opensNew and opensFormer tell which passphrase fits; they are looked at only
	// where the passphrase changes.
	opensNew, opensFormer bool
}

const kindLUKS = "crypto_LUKS"

// probed has the headers by volume number.
type probed map[int]header

// Probe implements layer.Layer. It looks at devices whose container is not open, and
// tries passphrases where one has changed.
func (Layer) Probe(ctx context.Context, h run.Host, in layer.Input) (any, error) {
	out := probed{}
	if in.Down {
		return out, nil
	}
	seen, _ := in.Observed.(scanned)
	for _, v := range in.Volumes {
		lower := in.Lower[v.Number]
		if !lower.Present || lower.Path == "" {
			continue
		}
		m, open := seen[mappingName(in.Resource.Name, v.Number)]
		changes := v.LUKS != nil && v.LUKS.Former != "" && v.LUKS.Passphrase != "" && v.LUKS.Former != v.LUKS.Passphrase
		if open && (!changes || m.uuid != plain(v.UUID)) {
			continue
		}
		head, err := look(ctx, h, lower.Path)
		if err != nil {
			return nil, err
		}
		if head.uuid == plain(v.UUID) {
			if in.MayMake[v.Number] && !open {
				if head.empty, err = hasNoKey(ctx, h, lower.Path); err != nil {
					return nil, err
				}
			}
			if changes && !head.empty {
				if head.opensNew, err = opens(ctx, h, lower.Path, v.LUKS.Passphrase); err != nil {
					return nil, err
				}
				if head.opensFormer, err = opens(ctx, h, lower.Path, v.LUKS.Former); err != nil {
					return nil, err
				}
			}
		}
		out[v.Number] = head
	}
	return out, nil
}

// blkid's codes.
const (
	blkidNothing    = 2
	blkidAmbivalent = 8
)

// look finds the signature at the beginning of a device.
func look(ctx context.Context, h run.Host, device string) (header, error) {
	c := run.Command("blkid", "-p", "-o", "export", device)
	r, err := h.Run(ctx, c)
	switch {
	case err != nil:
		return header{}, fmt.Errorf("look for signatures on %s: %w", device, err)
	case r.ExitCode == blkidNothing:
		return header{}, nil
	case r.ExitCode == blkidAmbivalent:
		return header{kind: "several signatures"}, nil
	case r.ExitCode != 0:
		return header{}, fmt.Errorf("look for signatures on %s: %w", device, &run.ExitError{Cmd: c, Result: r})
	}
	out := header{kind: "unknown"}
	uuid := ""
	for line := range strings.Lines(string(r.Stdout)) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), "="); key {
		case "TYPE":
			out.kind = value
		case "PTTYPE":
			if out.kind == "unknown" {
				out.kind = "partition table " + value
			}
		case "UUID":
			uuid = value
		}
	}
	if out.kind == kindLUKS {
		out.uuid = plain(uuid)
	}
	return out, nil
}

// hasNoKey tells that formatting was cut off: the header is there, its key is not.
func hasNoKey(ctx context.Context, h run.Host, device string) (bool, error) {
	r, err := run.Must(ctx, h, run.Command("cryptsetup", "luksDump", "--dump-json-metadata", device))
	if err != nil {
		return false, fmt.Errorf("read the LUKS header of %s: %w", device, err)
	}
	var dump struct {
		Keyslots map[string]json.RawMessage `json:"keyslots"`
	}
	if err := json.Unmarshal(r.Stdout, &dump); err != nil {
		return false, fmt.Errorf("read the LUKS header of %s: %w", device, err)
	}
	return len(dump.Keyslots) == 0, nil
}

// Codes of cryptsetup.
const (
	cryptFailed   = 1
	cryptNoKey    = 2
	cryptNoDevice = 4
	cryptBusy     = 5
)

// opens tries a passphrase; nothing is opened.
func opens(ctx context.Context, h run.Host, device, passphrase string) (bool, error) {
	c := run.Cmd{Argv: []string{"cryptsetup", "open", "--test-passphrase", "--tries", "1", "--key-file", "-", device}, Stdin: []byte(passphrase)}
	r, err := h.Run(ctx, c)
	switch {
	case err != nil:
		return false, fmt.Errorf("try the passphrase of %s: %w", device, err)
	case r.ExitCode == 0:
		return true, nil
	case r.ExitCode == cryptNoKey, r.ExitCode == cryptFailed && strings.Contains(string(r.Stderr), "No usable keyslot"):
		return false, nil
	}
	return false, fmt.Errorf("try the passphrase of %s: %w", device, &run.ExitError{Cmd: c, Result: r})
}

var (
	toolVersion = regexp.MustCompile(`cryptsetup (\d+)\.(\d+)`)
	dmDriver    = regexp.MustCompile(`(?m)^Driver version:\s+(\d+)`)
)

// Support implements layer.Layer.
func (Layer) Support(ctx context.Context, h run.Host) layer.Support {
	var out layer.Support
	said, why := ask(ctx, h, "cryptsetup-bin", "cryptsetup", "--version")
	switch m := toolVersion.FindStringSubmatch(said); {
	case why != "":
		out.Reasons = append(out.Reasons, why)
	case m == nil:
		out.Reasons = append(out.Reasons, "cryptsetup told no version: "+firstLine(said))
	case older(m, 2, 1):
		out.Reasons = append(out.Reasons, "cryptsetup "+m[1]+"."+m[2]+" is too old; LUKS2 needs 2.1 or newer")
	}
	said, why = ask(ctx, h, "dmsetup", "dmsetup", "version")
	switch {
	case why != "":
		out.Reasons = append(out.Reasons, why)
	case !dmDriver.MatchString(said):
		out.Reasons = append(out.Reasons, "the kernel has no device mapper: load the module dm_mod")
	}
	return out
}

// ask runs a tool; why says that it is not there.
func ask(ctx context.Context, h run.Host, pkg string, argv ...string) (said, why string) {
	r, err := h.Run(ctx, run.Command(argv...))
	switch {
	case err == nil:
		return string(r.Stdout) + "\n" + string(r.Stderr), ""
	// The text is that of exec.ErrNotFound, which layers do not import.
	case errors.Is(err, fs.ErrNotExist), strings.Contains(err.Error(), "executable file not found"):
		return "", argv[0] + " is not installed (package " + pkg + ")"
	}
	return "", "asking " + argv[0] + " for its version failed: " + err.Error()
}

func older(m []string, major, minor int) bool {
	// The expression lets nothing but digits through.
	a, _ := strconv.Atoi(m[1])
	b, _ := strconv.Atoi(m[2])
	return a < major || a == major && b < minor
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
