package conf

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/holdfast-storage/holdfast/api/v1"
)

// controllerFile is the controller's file in the configuration directory.
const controllerFile = "linstor.toml"

// Listen is an address that the API is served on.
type Listen struct {
	Enabled bool
	Address string
	Port    int
}

// Addr is the address to listen on; empty if it is off.
func (l Listen) Addr() string {
	if !l.Enabled {
		return ""
	}
	return join(l.Address, l.Port)
}

// Controller are the controller's settings.
type Controller struct {
	settings
	HTTP     Listen
	HTTPS    Listen
	HTTPSPEM Certificates
	// Satellites is for satellite connections of type SSL.
	Satellites Certificates
	DB         Database
	Logging    Logging
	LDAP       LDAP
	// MasterPassphrase unlocks the cluster's secrets at the start.
	MasterPassphrase string
	// Wait is how long a call waits for satellites.
	Wait time.Duration
	// Rest are the words of the command line that are no options.
	Rest []string

	accessLogPath string
	accessLogMode string
}

// Database is where the state is kept.
type Database struct {
	Path          string
	ConnectionURL string
	InMemory      bool

	caCertificate     string
	clientCertificate string
}

// LDAP are upstream's settings for signing in. They are read so that a set-up
// which relies on them is refused instead of being left open.
type LDAP struct {
	Enabled      bool
	PublicAccess bool
	URI, DN      string
	SearchBase   string
	SearchFilter string
}

// DefaultController are the settings of a controller that nobody configured.
func DefaultController() *Controller {
	c := &Controller{
		HTTP:          Listen{Enabled: true, Address: "::", Port: 3370},
		HTTPS:         Listen{Address: "::", Port: 3371},
		DB:            Database{Path: "/var/lib/holdfast/holdfast.db"},
		Logging:       Logging{Level: "INFO", Format: "auto", Directory: "/var/log/holdfast-controller"},
		Wait:          30 * time.Second,
		accessLogPath: "rest-access.log",
		accessLogMode: "NO_LOG",
	}
	c.fields = c.table()
	c.options = c.optionTable()
	for _, f := range c.fields {
		f.source = fromDefault
	}
	return c
}

// LoadController reads the controller's settings. Where WantsHelp or WantsVersion
// is true nothing but the command line was read.
func LoadController(in Input) (*Controller, error) {
	c := DefaultController()
	c.in = in
	rest, err := c.load(controllerFile)
	c.Rest = rest
	if c.help || c.version {
		return c, err
	}
	if isUsage(err) {
		return c, err
	}
	problems := Problems(nil).add(err)
	return c, append(problems, append(c.check(), c.cross()...)...).orNil()
}

// cross are the checks that look at several values.
func (c *Controller) cross() (problems Problems) {
	if !c.HTTP.Enabled && !c.HTTPS.Enabled {
		problems = append(problems, c.problem("http.enabled", "neither HTTP nor HTTPS is enabled", "enable one of them"))
	}
	if c.HTTPS.Enabled {
		if key := c.HTTPSPEM.missing("https", c.isSet("https.truststore")); key != "" {
			problems = append(problems, c.problem("https.enabled", "HTTPS needs "+key, pemFix))
		}
	}
	if c.LDAP.Enabled {
		problems = append(problems, c.problem("ldap.enabled", "this version cannot sign users in by LDAP, so the API would be open to everybody",
			"set it to false and use API tokens or client certificates (https.ca)"))
	}
	if key := c.Satellites.missing("satellites", true); c.Satellites != (Certificates{}) && key != "" {
		problems = append(problems, c.problem(key, "is needed too: satellite connections of type SSL use certificates on both sides", pemFix))
	}
	return problems
}

// Warnings are the values that were read but do not do what their author expects.
func (c *Controller) Warnings() []Warning {
	ws := c.inertWarnings()
	url := c.DB.ConnectionURL
	switch {
	case url == "":
	case strings.HasPrefix(url, "jdbc:h2:"):
		ws = append(ws, Warning{Where: c.find("db.connection_url").source, Key: "db.connection_url",
			Why: "an H2 database is not read; the state is in " + c.DB.Path})
	default:
		kind, _, _ := strings.Cut(strings.TrimPrefix(url, "jdbc:"), ":")
		ws = append(ws, Warning{Where: c.find("db.connection_url").source, Key: "db.connection_url",
			Why: fmt.Sprintf("a database of kind %s is not read; the state is in %s", kind, c.DB.Path)})
	}
	if c.DB.InMemory {
		ws = append(ws, Warning{Where: c.find("db.in_memory").source, Key: "db.in_memory", Why: "the state is lost when the controller ends"})
	}
	return ws
}

// Settings are the settings as the API shows them.
func (c *Controller) Settings() v1.ControllerConfig {
	level := v1.LogLevel(strings.ToUpper(c.Logging.Level))
	linstor := level
	if c.Logging.LinstorLevel != "" {
		linstor = v1.LogLevel(strings.ToUpper(c.Logging.LinstorLevel))
	}
	db := &v1.ControllerConfigDb{ConnectionURL: "sqlite:" + c.DB.Path, CaCertificate: c.DB.caCertificate, ClientCertificate: c.DB.clientCertificate}
	if c.DB.InMemory {
		db.ConnectionURL, db.InMemory = "", "mem"
	}
	return v1.ControllerConfig{
		Config: &v1.ControllerConfigConfig{Dir: c.dir},
		Debug:  &v1.ControllerConfigDebug{},
		Log: &v1.ControllerConfigLog{Directory: c.Logging.Directory, Level: level, LevelGlobal: level, LevelLinstor: linstor,
			LevelLinstorGlobal: linstor, RestAccessLogPath: c.accessLogPath, RestAccessMode: c.accessLogMode},
		DB:    db,
		HTTP:  &v1.ControllerConfigHttp{Enabled: c.HTTP.Enabled, ListenAddress: c.HTTP.Address, Port: int32(c.HTTP.Port)},
		HTTPS: &v1.ControllerConfigHttps{Enabled: c.HTTPS.Enabled, ListenAddress: c.HTTPS.Address, Port: int32(c.HTTPS.Port)},
		LDAP: &v1.ControllerConfigLdap{Enabled: c.LDAP.Enabled, PublicAccessAllowed: c.LDAP.PublicAccess, URI: c.LDAP.URI,
			Dn: c.LDAP.DN, SearchBase: c.LDAP.SearchBase, SearchFilter: c.LDAP.SearchFilter},
	}
}

// Usage prints how the controller is called.
func (c *Controller) Usage(w io.Writer) {
	fmt.Fprint(w, `usage: holdfast-controller [options]
       holdfast-controller config show [--json] [options]
       holdfast-controller db check|repair|export|import ... [options]

`)
	c.writeOptions(w)
}
