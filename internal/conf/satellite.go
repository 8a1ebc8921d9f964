package conf

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// satelliteFile is the satellite's file in the configuration directory.
const satelliteFile = "linstor_satellite.toml"

// Ports of the satellite by kind of connection.
const (
	plainPort = 3366
	sslPort   = 3367
)

// Satellite are the satellite's settings.
type Satellite struct {
	settings
	// Type is plain or ssl.
	Type    string
	Address string
	Port    int
	PEM     Certificates
	// Protocol is the oldest TLS version that is spoken.
	Protocol string
	// Node overrides the node's name; empty takes what the controller says.
	Node string
	// StateDir keeps what the node shall have, for the next start.
	StateDir string
	// Workers is how many resources are worked on at the same time.
	Workers int
	Logging Logging
	// Rest are the words of the command line that are no options.
	Rest []string

	extFiles []string
}

// DefaultSatellite are the settings of a satellite that nobody configured.
func DefaultSatellite() *Satellite {
	s := &Satellite{
		Type:     "plain",
		Address:  "::",
		Port:     plainPort,
		Protocol: "TLSv1.2",
		StateDir: "/var/lib/holdfast-satellite",
		Workers:  4,
		Logging:  Logging{Level: "INFO", Format: "auto", Directory: "/var/log/holdfast-satellite"},
	}
	s.fields = s.table()
	s.options = s.optionTable()
	for _, f := range s.fields {
		f.source = fromDefault
	}
	return s
}

// LoadSatellite reads the satellite's settings. Where WantsHelp or WantsVersion
// is true nothing but the command line was read.
func LoadSatellite(in Input) (*Satellite, error) {
	s := DefaultSatellite()
	s.in = in
	rest, err := s.load(satelliteFile)
	s.Rest = rest
	if s.help || s.version {
		return s, err
	}
	if isUsage(err) {
		return s, err
	}
	// The variable is for plain connections, as its name says.
	if port := s.find("netcom.port"); s.SSL() && (port.source == fromDefault || port.source == "environment LS_PLAIN_PORT_OVERRIDE") {
		s.Port, port.source = sslPort, fromDefault
	}
	problems := append(Problems(nil).add(err), s.check()...)
	if key := s.PEM.missing("netcom", true); s.SSL() && key != "" {
		problems = append(problems, s.problem("netcom.type", "type ssl needs "+key, pemFix))
	}
	return s, problems.orNil()
}

// SSL tells whether the controller has to come with a certificate.
func (s *Satellite) SSL() bool { return strings.EqualFold(s.Type, "ssl") }

// Addr is the address to listen on.
func (s *Satellite) Addr() string { return join(s.Address, s.Port) }

// Warnings are the values that were read but do not do what their author expects.
func (s *Satellite) Warnings() []Warning {
	ws := s.inertWarnings()
	if !s.SSL() && s.PEM != (Certificates{}) {
		i := slices.IndexFunc(s.fields, func(f *field) bool { return strings.HasPrefix(f.key, "netcom.") && f.source != fromDefault })
		ws = append(ws, Warning{Where: s.fields[i].source, Key: "netcom.type", Why: "certificates are given, but the type is plain; set it to ssl to use them"})
	}
	return ws
}

// Usage prints how the satellite is called.
func (s *Satellite) Usage(w io.Writer) {
	fmt.Fprint(w, `usage: holdfast-satellite [options]
       holdfast-satellite config show [--json] [options]

`)
	s.writeOptions(w)
}

func (s *Satellite) table() []*field {
	fields := []*field{
		{key: "netcom.type", ptr: &s.Type, check: oneOf(&s.Type, "plain", "ssl")},
		{key: "netcom.bind_address", ptr: &s.Address, check: isAddress(&s.Address)},
		{key: "netcom.port", ptr: &s.Port, check: inRange(&s.Port, 0, 65535)},
		{key: "netcom.ssl_protocol", ptr: &s.Protocol, check: oneOf(&s.Protocol, "TLSv1.2", "TLSv1.3")},
	}
	fields = append(fields, s.PEM.fields("netcom")...)
	fields = append(fields,
		&field{key: "satellite.node_name", ptr: &s.Node},
		&field{key: "satellite.state_directory", ptr: &s.StateDir, check: notEmpty(&s.StateDir)},
		&field{key: "satellite.workers", ptr: &s.Workers, check: inRange(&s.Workers, 1, 64)},
	)
	fields = append(fields, s.Logging.fields()...)
	return append(fields,
		&field{key: "netcom.server_certificate", ptr: new(string), inert: noJKS},
		&field{key: "netcom.key_password", ptr: new(string), inert: noJKS, secret: true},
		&field{key: "netcom.keystore_password", ptr: new(string), inert: noJKS, secret: true},
		&field{key: "netcom.trusted_certificates", ptr: new(string), inert: noJKS},
		&field{key: "netcom.truststore_password", ptr: new(string), inert: noJKS, secret: true},
		&field{key: "logging.print_stack_trace", ptr: new(bool), inert: noTrace},
		&field{key: "files.allowExtFiles", ptr: &s.extFiles, inert: noExtFiles},
		&field{key: "debug.console", ptr: new(bool), inert: noConsole},
		&field{key: "satellite.keep_res", ptr: new(string), inert: noKeep},
		&field{key: "satellite.skip_checks", ptr: new(bool), inert: noSkip},
		&field{key: "satellite.special", ptr: new(bool), inert: noSpecial},
	)
}

func (s *Satellite) optionTable() []option {
	own := []option{
		{env: "LS_PLAIN_PORT_OVERRIDE", keys: to("netcom.port")},
		{long: "port", arg: "PORT", help: "where the controller connects to", keys: to("netcom.port")},
		{env: "LS_BIND_ADDRESS", long: "bind-address", arg: "ADDRESS", help: "address to listen on", keys: bindTo("netcom.bind_address", "netcom.port")},
		{env: "LS_OVERRIDE_NODE_NAME", long: "override-node-name", arg: "NAME", help: "name of this node", keys: to("satellite.node_name")},
		{env: "LS_ALLOW_EXT_FILES", long: "allow-ext-files", arg: "DIRS", hidden: true, keys: to("files.allowExtFiles")},
		{env: "LS_KEEP_RES", long: "keep-res", short: "k", arg: "REGEX", hidden: true, keys: to("satellite.keep_res")},
		{long: "skip-hostname-check", short: "s", hidden: true, keys: to("satellite.skip_checks")},
		{long: "skip-drbd-check", hidden: true, keys: to("satellite.skip_checks")},
		{long: "remote-spdk", hidden: true, keys: to("satellite.special")},
		{long: "ebs", hidden: true, keys: to("satellite.special")},
	}
	return append(append(s.Logging.options(), own...), javaOptions()...)
}
