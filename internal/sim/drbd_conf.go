package sim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/internal/run"
)

// drbdConf is a resource as a resource file tells it.
type drbdConf struct {
	name    string
	file    string
	options map[string]string
	net     map[string]string
	disk    map[string]string
	hosts   map[string]*drbdHost
	conns   []drbdConn
	tree    []stmt
}

// drbdHost is an on section.
type drbdHost struct {
	nodeID int
	vols   map[int]*drbdConfVol
}

type drbdConfVol struct {
	minor int
	// disk is empty for none.
	disk string
	meta string
	opts map[string]string
}

// drbdConn is a connection section; each path gives both hosts' addresses.
type drbdConn struct {
	net   map[string]string
	disk  map[string]string
	paths []map[string]string
}

// stmt is a statement of a resource file: words with a block, or ended by ;.
type stmt struct {
	words []string
	block []stmt
	open  bool
}

// confTokens splits a resource file; quoted text keeps a leading quote as its mark.
func confTokens(text string) ([]string, error) {
	var out []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case strings.IndexByte("{};", c) >= 0:
			out = append(out, string(c))
			i++
		case c == '"':
			var b strings.Builder
			b.WriteByte('"')
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				b.WriteByte(text[i])
			}
			if i >= len(text) {
				return nil, fmt.Errorf("a quoted text without its end")
			}
			i++
			out = append(out, b.String())
		default:
			from := i
			for i < len(text) && strings.IndexByte(" \t\r\n{};\"", text[i]) < 0 {
				i++
			}
			out = append(out, text[from:i])
		}
	}
	return out, nil
}

// confStmts reads statements up to the end of their block.
func confStmts(tokens []string, top bool) (out []stmt, rest []string, err error) {
	var words []string
	for len(tokens) > 0 {
		t := tokens[0]
		tokens = tokens[1:]
		switch t {
		case ";":
			out, words = append(out, stmt{words: words}), nil
		case "{":
			s := stmt{words: words, open: true}
			if s.block, tokens, err = confStmts(tokens, false); err != nil {
				return nil, nil, err
			}
			out, words = append(out, s), nil
		case "}":
			if top || len(words) > 0 {
				return nil, nil, fmt.Errorf("a } too many, or a ; too few")
			}
			return out, tokens, nil
		default:
			words = append(words, strings.TrimPrefix(t, `"`))
		}
	}
	if !top || len(words) > 0 {
		return nil, nil, fmt.Errorf("it ends in the middle of a section")
	}
	return out, nil, nil
}

// parseRes reads the resources of one file.
func parseRes(file string, data []byte) (out []*drbdConf, err error) {
	tokens, err := confTokens(string(data))
	if err != nil {
		return nil, err
	}
	stmts, _, err := confStmts(tokens, true)
	if err != nil {
		return nil, err
	}
	for _, s := range stmts {
		if len(s.words) != 2 || s.words[0] != "resource" || !s.open {
			return nil, fmt.Errorf("expected a resource, found %q", s.words)
		}
		c := &drbdConf{name: s.words[1], file: file, options: map[string]string{}, net: map[string]string{}, disk: map[string]string{}, hosts: map[string]*drbdHost{}, tree: []stmt{s}}
		for _, sub := range s.block {
			if err := c.section(sub); err != nil {
				return nil, fmt.Errorf("resource %s: %w", c.name, err)
			}
		}
		c.inherit()
		out = append(out, c)
	}
	return out, nil
}

// inherit lets volumes have the disk options of the resource that they do not set.
func (c *drbdConf) inherit() {
	for _, h := range c.hosts {
		for _, v := range h.vols {
			opts := maps.Clone(c.disk)
			maps.Copy(opts, v.opts)
			v.opts = opts
		}
	}
}

func (c *drbdConf) section(s stmt) error {
	switch s.words[0] {
	case "options":
		return pairs(s.block, c.options)
	case "net":
		return pairs(s.block, c.net)
	case "on":
		return c.host(s)
	case "connection":
		return c.connection(s)
	case "disk":
		return pairs(s.block, c.disk)
	case "handlers", "startup", "proxy":
		return nil
	}
	return fmt.Errorf("unknown section %q", s.words)
}

func pairs(block []stmt, to map[string]string) error {
	for _, s := range block {
		if s.open || len(s.words) != 2 {
			return fmt.Errorf("want an option and a value, found %q", s.words)
		}
		to[s.words[0]] = s.words[1]
	}
	return nil
}

func (c *drbdConf) host(s stmt) (err error) {
	h := &drbdHost{nodeID: -1, vols: map[int]*drbdConfVol{}}
	for _, sub := range s.block {
		switch {
		case len(sub.words) == 2 && sub.words[0] == "node-id":
			h.nodeID, err = strconv.Atoi(sub.words[1])
		case len(sub.words) == 2 && sub.words[0] == "volume" && sub.open:
			err = h.volume(sub)
		default:
			err = fmt.Errorf("unknown in a host section: %q", sub.words)
		}
		if err != nil {
			return err
		}
	}
	if len(s.words) != 2 || h.nodeID < 0 || h.nodeID > 31 {
		return fmt.Errorf("host %q without a good node-id", s.words)
	}
	c.hosts[s.words[1]] = h
	return nil
}

func (h *drbdHost) volume(s stmt) error {
	nr, err := strconv.Atoi(s.words[1])
	v := &drbdConfVol{minor: -1, meta: "internal", opts: map[string]string{}}
	for _, sub := range s.block {
		last := sub.words[len(sub.words)-1]
		switch {
		case sub.words[0] == "disk" && sub.open:
			err = pairs(sub.block, v.opts)
		case sub.words[0] == "disk":
			if v.disk = last; last == "none" {
				v.disk = ""
			}
		case sub.words[0] == "meta-disk":
			v.meta = last
		case sub.words[0] == "device":
			v.minor, err = strconv.Atoi(last)
		case sub.words[0] == "tiebreaker":
		default:
			err = fmt.Errorf("unknown in a volume: %q", sub.words)
		}
	}
	if err == nil && v.minor < 0 {
		err = fmt.Errorf("volume %d without a device minor", nr)
	}
	h.vols[nr] = v
	return err
}

func (c *drbdConf) connection(s stmt) error {
	conn := drbdConn{net: maps.Clone(c.net), disk: map[string]string{}}
	plain := map[string]string{}
	for _, sub := range s.block {
		var err error
		switch sub.words[0] {
		case "net":
			err = pairs(sub.block, conn.net)
		case "disk":
			err = pairs(sub.block, conn.disk)
		case "volume":
			// Settings of one volume on the connection; the model has none.
		case "host":
			err = hostAddress(sub, plain)
		case "path":
			p := map[string]string{}
			for _, h := range sub.block {
				if e := hostAddress(h, p); e != nil {
					err = e
				}
			}
			conn.paths = append(conn.paths, p)
		default:
			err = fmt.Errorf("unknown in a connection: %q", sub.words)
		}
		if err != nil {
			return err
		}
	}
	if len(plain) > 0 {
		conn.paths = append(conn.paths, plain)
	}
	for _, p := range conn.paths {
		if len(p) != 2 {
			return fmt.Errorf("a path with %d hosts", len(p))
		}
	}
	c.conns = append(c.conns, conn)
	return nil
}

// hostAddress reads: host NAME address [FAMILY] ADDRESS:PORT [via …].
func hostAddress(s stmt, to map[string]string) error {
	w := s.words
	if len(w) < 4 || w[0] != "host" || w[2] != "address" {
		return fmt.Errorf("want a host with its address, found %q", w)
	}
	if w[3] != "ipv4" && w[3] != "ipv6" {
		w = slices.Insert(slices.Clone(w), 3, "ipv4")
	}
	if len(w) < 5 {
		return fmt.Errorf("want a host with its address, found %q", w)
	}
	to[w[1]] = w[3] + ":" + w[4]
	return nil
}

// drbdDir is where the resource files are that drbdadm includes.
const drbdDir = "/var/lib/linstor.d/"

// config reads the configuration: all of it, or the one file after -c.
func (d *DRBD) config(only string) (map[string]*drbdConf, *run.Result) {
	files := []string{only}
	if only == "" {
		files, _ = d.m.glob(drbdDir + "*.res")
	}
	out := map[string]*drbdConf{}
	for _, f := range files {
		data, err := d.m.readFile(f)
		if err != nil {
			r := fail(20, "Can not open '%s'.", f)
			return nil, &r
		}
		confs, err := parseRes(f, data)
		if err != nil {
			r := fail(10, "%s:1: Parse error: %v", f, err)
			return nil, &r
		}
		for _, c := range confs {
			if old := out[c.name]; old != nil {
				r := fail(10, "%s:1: conflicting use of resource name '%s'; %s: resource '%s' first used here.", f, c.name, old.file, c.name)
				return nil, &r
			}
			out[c.name] = c
		}
	}
	return out, nil
}
