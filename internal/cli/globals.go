package cli

import (
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Globals are the options that stand before the object.
type Globals struct {
	NoColor     bool
	NoUTF8      bool
	WarnAsError bool
	Curl        bool
	Controllers []string
	Machine     bool
	V0          bool
	Verbose     bool
	DryRun      bool
	Timeout     time.Duration
	User        string
	Password    string
	CertFile    string
	KeyFile     string
	CAFile      string
	// AllowInsecureAuth allows a password over plain HTTP.
	AllowInsecureAuth bool
}

const defaultTimeout = 300

// globalSpec declares the global options. Stop is true for the words before the
// object.
func globalSpec(prog string, stop bool) *args.Spec {
	s := &args.Spec{Prog: prog, StopEarly: stop}
	s.Flag("--version,-v", "show the program's version number and exit")
	s.Flag("--no-color", "use no colours")
	s.Flag("--no-utf8", "draw tables with ASCII characters")
	s.Flag("--warn-as-error", "exit with an error code if there is a warning")
	s.Flag("--curl", "print the equivalent curl commands and do nothing")
	s.Opt("--controllers", "comma separated controllers, such as linstor://host1:port,host2; put before those of LS_CONTROLLERS")
	s.Flag("-m,--machine-readable", "print JSON")
	s.Opt("--output-version", "shape of the JSON; LS_OUTPUT_VERSION sets it too").Choose("v0", "v1")
	s.Flag("--verbose,-V", "tell which controller is used")
	s.Opt("-t,--timeout", "seconds to wait for an answer").Range(0, 1<<31-1)
	s.Flag("--disable-config", "read no configuration files")
	s.Opt("--user,-u", "user name")
	s.Opt("--password,-P", "password; asked for when it is missing").Secret()
	s.Opt("--certfile", "client certificate")
	s.Opt("--keyfile", "key of the client certificate")
	s.Opt("--cafile", "CA that must have signed the controller's certificate")
	s.Flag("--allow-insecure-auth", "allow to send a password without TLS")
	s.Flag("--dry-run", "show what a command would do, on which nodes and with which commands, and do nothing")
	return s
}

// globals reads the parsed values.
func (a *App) globals(v *args.Values) Globals {
	g := Globals{
		NoColor:           v.Bool("no-color") || a.Env.Getenv("NO_COLOR") != "",
		NoUTF8:            v.Bool("no-utf8") || !a.Env.UTF8,
		WarnAsError:       v.Bool("warn-as-error"),
		Curl:              v.Bool("curl"),
		Machine:           v.Bool("machine-readable"),
		V0:                a.Env.Getenv("LS_OUTPUT_VERSION") == "v0",
		Verbose:           v.Bool("verbose"),
		DryRun:            v.Bool("dry-run"),
		Timeout:           defaultTimeout * time.Second,
		User:              v.Str("user"),
		Password:          v.Str("password"),
		CertFile:          v.Str("certfile"),
		KeyFile:           v.Str("keyfile"),
		CAFile:            v.Str("cafile"),
		AllowInsecureAuth: v.Bool("allow-insecure-auth"),
	}
	if s := v.Str("output-version"); s != "" {
		g.V0 = s == "v0"
	}
	if v.Given("timeout") {
		g.Timeout = time.Duration(v.Int("timeout")) * time.Second
	}
	for _, list := range []string{v.Str("controllers"), a.Env.Getenv("LS_CONTROLLERS")} {
		for c := range strings.SplitSeq(list, ",") {
			if c = strings.TrimSpace(c); c != "" {
				g.Controllers = append(g.Controllers, c)
			}
		}
	}
	return g
}
