package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// tokenFile holds the token of this machine, when tokens are used.
const tokenFile = "var/lib/linstor.d/auth.json"

// Call is one run of one command.
type Call struct {
	App *App
	Env *Env
	G   Globals
	// V are the command's arguments.
	V *args.Values
	// Path is the command's full name.
	Path []string

	values  *args.Values // of the global options
	conf    config
	own     *client.Client
	printed bool // a curl command was printed
}

// Prog is how messages call the program.
func (c *Call) Prog() string { return c.App.Prog }

// Printf writes to standard output.
func (c *Call) Printf(format string, a ...any) { fmt.Fprintf(c.Env.Out, format, a...) }

// Table makes a table with the options of this call; pastable is its -p option.
func (c *Call) Table() *table.Table {
	plain := c.V.Bool("pastable")
	return table.New(table.Options{UTF8: !c.G.NoUTF8 && !plain, Color: c.color() && !plain})
}

func (c *Call) color() bool { return !c.G.NoColor }

// Paint colours a text if colours are on.
func (c *Call) Paint(text string, color table.Color) string {
	return table.Paint(text, color, c.color())
}

// Opts are the options of every change: a dry run if it was asked for.
func (c *Call) Opts(more ...client.Option) []client.Option {
	if c.G.DryRun {
		more = append(more, client.DryRun())
	}
	return more
}

// API is the connection to the controllers; in an interactive session it lasts.
func (c *Call) API() (*client.Client, error) {
	if s := c.App.session.client; s != nil {
		return s, nil
	}
	if c.own != nil {
		return c.own, nil
	}
	api, err := c.connect()
	if err != nil {
		return nil, err
	}
	c.own = api
	if c.G.Verbose && !c.G.Curl {
		if _, err := api.Controller.Version(context.Background()); err != nil {
			return nil, err
		}
		fmt.Fprintf(c.Env.Out, "Connected to %s\n", api.Endpoint())
	}
	return api, nil
}

func (c *Call) close() {
	if c.own != nil {
		c.own.Close()
	}
}

func (c *Call) connect() (*client.Client, error) {
	cfg := client.Config{
		Controllers: c.G.Controllers, Timeout: c.G.Timeout, UserAgent: "holdfast/" + shortVersion(c.App.Version),
		User: c.G.User, Password: c.G.Password, AllowInsecureAuth: c.G.AllowInsecureAuth,
	}
	if c.G.Timeout == 0 {
		cfg.Timeout = -1
	}
	if c.G.Curl {
		cfg.Transport = &curlTransport{call: c}
		cfg.User, cfg.Password = "", ""
		return client.New(cfg)
	}
	var err error
	if cfg.TLS, err = c.tlsConfig(); err != nil {
		return nil, err
	}
	if c.G.User != "" && c.G.Password == "" {
		if cfg.Password, err = c.Env.ReadPassword("Password: "); err != nil {
			return nil, fmt.Errorf("read password: %w", err)
		}
	}
	if cfg.User == "" {
		if cfg.Token, err = c.token(); err != nil {
			return nil, err
		}
	}
	return client.New(cfg)
}

// tlsConfig checks the controller's certificate only when a CA is given, as the
// linstor client does: clusters use certificates of their own making.
func (c *Call) tlsConfig() (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: c.G.CAFile == ""}
	if c.G.CAFile != "" {
		pem, err := os.ReadFile(c.G.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read --cafile: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--cafile %s holds no certificate in PEM form", c.G.CAFile)
		}
	}
	if c.G.CertFile != "" {
		key := c.G.KeyFile
		if key == "" {
			key = c.G.CertFile
		}
		pair, err := tls.LoadX509KeyPair(c.G.CertFile, key)
		if err != nil {
			return nil, fmt.Errorf("read --certfile and --keyfile: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// token reads the machine's token; only some users may read it, and that is fine.
func (c *Call) token() (string, error) {
	text, err := c.Env.Files.Read(tokenFile)
	if os.IsNotExist(err) || os.IsPermission(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read token: %w", err)
	}
	var t struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return "", fmt.Errorf("/%s is not JSON with a token", tokenFile)
	}
	return t.Token, nil
}

func shortVersion(s string) string {
	s, _, _ = strings.Cut(s, ";")
	if f := strings.Fields(s); len(f) > 0 {
		return f[len(f)-1]
	}
	return "dev"
}

// Secret is an option's value, or what the user types when the option was given
// without one. ok is false when the option was not given.
func (c *Call) Secret(dest, prompt string) (value string, ok bool, err error) {
	if !c.V.Given(dest) {
		return "", false, nil
	}
	if s := c.V.Str(dest); s != "" {
		return s, true, nil
	}
	value, err = c.Env.ReadPassword(prompt)
	return value, true, err
}

// HasFlag tells whether an API object's flag list has a flag.
func HasFlag(flags []string, flag string) bool {
	return slices.Contains(flags, flag)
}

// Layers reads a comma separated layer list; absent means nil, "" an empty list.
func (c *Call) Layers(dest string) ([]v1.LayerType, error) {
	if !c.V.Given(dest) {
		return nil, nil
	}
	known := map[string]bool{"DRBD": true, "LUKS": true, "STORAGE": true, "NVME": true,
		"WRITECACHE": true, "CACHE": true, "BCACHE": true}
	list := []v1.LayerType{}
	for name := range strings.SplitSeq(c.V.Str(dest), ",") {
		if name = strings.ToUpper(strings.TrimSpace(name)); name == "" {
			continue
		}
		if !known[name] {
			return nil, Usagef("Error: Layer name '%s' not valid. Possible layers: drbd, luks, storage, nvme, writecache, cache, bcache", name)
		}
		list = append(list, v1.LayerType(name))
	}
	return list, nil
}
