package drbd

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// fileMark is the first line of every file that is ours.
const fileMark = "# Written by Holdfast; changes are lost."

// dummyDisk stands for the lower devices of peers, whose paths are of no interest
// to this node.
const dummyDisk = "/dev/drbd/this/is/not/used"

// Header is what the comment at the head of a file tells.
type Header struct {
	Program string
	Version string
}

// File is a resource file.
type File struct {
	Text []byte
	// Warnings name the options that were left out, and why.
	Warnings []string
}

// Config writes the resource file for the local node of r.
func Config(r *Resource, t Tools, h Header) (File, error) {
	if err := r.Check(); err != nil {
		return File{}, err
	}
	w := &writer{r: r, tools: t}
	me, _ := r.local()
	w.comment(fileMark[2:])
	w.comment(strings.TrimSpace(h.Program + " " + h.Version))
	w.comment("node " + r.Local + ", host " + me.Uname)
	w.line("")
	w.open("resource " + w.text("the resource's name", r.FullName()))
	w.block(secHandlers, r.Handlers)
	w.block(secOptions, r.Options)
	w.block(secNet, netOptions(r))
	w.block(secDisk, r.Disk)
	w.member(me)
	for _, p := range r.peers() {
		w.member(p)
	}
	for _, p := range r.linked() {
		w.connection(me, p)
	}
	w.proxy()
	w.close()
	if w.err != nil {
		return File{}, w.err
	}
	return File{Text: w.out.Bytes(), Warnings: w.warnings}, nil
}

// netOptions puts the authentication first; a user's own choice replaces it.
func netOptions(r *Resource) []Option {
	auth := []Option{{Name: "cram-hmac-alg", Value: "sha1"}, {Name: "shared-secret", Value: r.Secret}}
	var rest []Option
	for _, o := range r.Net {
		switch o.Name {
		case auth[0].Name:
			auth[0] = o
		case auth[1].Name:
			auth[1] = o
		default:
			rest = append(rest, o)
		}
	}
	return append(auth, rest...)
}

// writer collects the file; its first error stays.
type writer struct {
	r        *Resource
	tools    Tools
	out      bytes.Buffer
	depth    int
	warnings []string
	err      error
}

func (w *writer) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if text != "" {
		w.out.WriteString(strings.Repeat("    ", w.depth))
	}
	w.out.WriteString(text)
	w.out.WriteByte('\n')
}

func (w *writer) open(head string) {
	w.line("%s {", head)
	w.depth++
}

func (w *writer) close() {
	w.depth--
	w.line("}")
}

// comment writes text that must not be able to end the comment.
func (w *writer) comment(s string) { w.line("# %s", oneLine(s)) }

func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "?"))
}

func (w *writer) fail(what, why string) {
	if w.err == nil {
		w.err = badValue(w.r.FullName(), what, why)
	}
}

func (w *writer) text(what, s string) string {
	out, why := quote(s)
	if s == "" {
		why = "it is empty"
	}
	if why != "" {
		w.fail(what, why)
	}
	return out
}

// block writes a section unless it is empty.
func (w *writer) block(s section, opts []Option) {
	lines := w.options(s, opts)
	if len(lines) == 0 {
		return
	}
	head := string(s)
	if s == secPeerDevice {
		head = "disk"
	}
	w.open(head)
	for _, l := range lines {
		w.line("%s", l)
	}
	w.close()
}

func (w *writer) options(s section, opts []Option) []string {
	var lines []string
	seen := map[string]bool{}
	for _, o := range opts {
		info, known := optionTable[s][o.Name]
		switch {
		case seen[o.Name]:
			if w.err == nil {
				w.err = fault.New(v1.FailImplError, "DRBD's option %s of resource '%s' is there twice.", o.Name, w.r.FullName())
			}
			continue
		case reserved[o.Name] != "":
			w.skip(s, o, reserved[o.Name])
			continue
		case !known:
			w.skip(s, o, "this version does not know it")
			continue
		case !w.tools.Utils.AtLeast(info.since):
			w.skip(s, o, fmt.Sprintf("it needs drbd-utils %s, the node has %s", info.since, w.tools.Utils))
			continue
		case info.tooLarge(o.Value, w.tools.Utils):
			w.skip(s, o, fmt.Sprintf("more than %d needs drbd-utils %s, the node has %s", info.formerMax, info.wide, w.tools.Utils))
			continue
		}
		seen[o.Name] = true
		lines = append(lines, w.option(o, info))
	}
	return lines
}

func (w *writer) skip(s section, o Option, why string) {
	w.warnings = append(w.warnings, fmt.Sprintf("DRBD's %s option %s is left out: %s.", s, oneLine(o.Name), why))
}

func (w *writer) option(o Option, info optionInfo) string {
	write := bare
	if info.shape == quoted {
		write = quote
	}
	val, why := write(o.Value)
	if why != "" {
		w.fail(o.Name, why)
	}
	var line strings.Builder
	line.WriteString(o.Name + " " + val + ";")
	for _, other := range o.Overrides {
		if info.secret || other.Value == o.Value {
			continue
		}
		fmt.Fprintf(&line, " # overrides value '%s' from %s", oneLine(other.Value), oneLine(other.From))
	}
	return line.String()
}

// Body is the part of a file that matters: all from the resource on.
func Body(text []byte) []byte {
	if i := bytes.Index(text, []byte("resource \"")); i == 0 || i > 0 && text[i-1] == '\n' {
		return text[i:]
	}
	return nil
}

// Ours tells whether a file was written by this package.
func Ours(text []byte) bool { return bytes.HasPrefix(text, []byte(fileMark+"\n")) }
