package conf

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// input plays the surroundings: one file in DefaultDir, variables and arguments.
func input(file, content string, env map[string]string, args ...string) Input {
	tree := fstest.MapFS{"etc/linstor/keep": {}, "elsewhere/keep": {}}
	if content != "" {
		tree["etc/linstor/"+file] = &fstest.MapFile{Data: []byte(content)}
		tree["elsewhere/"+file] = &fstest.MapFile{Data: []byte(content)}
	}
	rel := func(p string) string { return strings.TrimPrefix(p, "/") }
	return Input{Args: args,
		Getenv:   func(k string) string { return env[k] },
		ReadFile: func(p string) ([]byte, error) { return fs.ReadFile(tree, rel(p)) },
		Stat:     func(p string) (fs.FileInfo, error) { return fs.Stat(tree, rel(p)) },
	}
}

func TestPrecedence(t *testing.T) {
	const file = "[http]\nport = 3001\n"
	env := map[string]string{"LS_REST_BIND_ADDRESS": "127.0.0.1:3002"}
	tests := map[string]struct {
		in     Input
		addr   string
		source string
	}{
		"nothing":              {input(controllerFile, "", nil), "[::]:3370", "default"},
		"environment":          {input(controllerFile, "", env), "127.0.0.1:3002", "environment LS_REST_BIND_ADDRESS"},
		"own variable":         {input(controllerFile, "", map[string]string{"HOLDFAST_HTTP_PORT": "3003"}), "[::]:3003", "environment HOLDFAST_HTTP_PORT"},
		"file over variable":   {input(controllerFile, file, env), "127.0.0.1:3001", "/etc/linstor/linstor.toml:2"},
		"option over file":     {input(controllerFile, file, env, "--rest-bind", "[::1]:3004"), "[::1]:3004", "command line --rest-bind"},
		"option with =":        {input(controllerFile, file, nil, "--rest-bind=10.0.0.1"), "10.0.0.1:3001", "/etc/linstor/linstor.toml:2"},
		"bare IPv6":            {input(controllerFile, "", nil, "--rest-bind", "::1"), "[::1]:3370", "default"},
		"any key as an option": {input(controllerFile, file, env, "--set", "http.port=3005"), "127.0.0.1:3005", "command line --set"},
		"other directory":      {input(controllerFile, file, nil, "-c", "/elsewhere"), "[::]:3001", "/elsewhere/linstor.toml:2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := LoadController(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.HTTP.Addr(); got != tt.addr {
				t.Errorf("address %s, want %s", got, tt.addr)
			}
			if got := c.find("http.port").source; got != tt.source {
				t.Errorf("source of the port %q, want %q", got, tt.source)
			}
		})
	}
}

// The keys and options are those that existing files, units and images use.
const upstreamController = `
[http]
  enabled = true
  listen_addr = "127.0.0.1"
  port = 3370
[https]
  port = 3371
  listen_addr = "::"
  keystore = "/etc/linstor/keystore.jks"
  keystore_password = "hush"
  truststore = "/etc/linstor/trust.jks"
  truststore_password = "hush"
[ldap]
  enabled = false
  allow_public_access = false
  uri = "ldap://ldap.example.com"
  dn = "uid={user}"
  search_base = "dc=example"
  search_filter = "(uid={user})"
[db]
  user = "linstor"
  password = "hush"
  connection_url = "jdbc:postgresql://localhost/linstor?password=hush"
  ca_certificate = "ca.crt"
  client_certificate = "c.crt"
  client_key_pcks8_pem = "c.key"
  client_key_password = "hush"
  [db.k8s]
    request_retries = 3
    max_rollback_entries = 100
  [db.etcd]
    operations_per_transaction = 100
    prefix = "/LINSTOR/"
[logging]
  level = "info"
  linstor_level = "TRACE"
  rest_access_log_path = "/var/log/linstor-controller/rest.log"
  rest_access_log_mode = "ROTATE_DAILY"
[encrypt]
  passphrase = "hush"
[webUi]
  directory = "/usr/share/linstor-server/ui"
`

func TestUpstreamControllerFileIsAccepted(t *testing.T) {
	args := []string{"-d", "-p", "--logs=/var/log/linstor-controller", "--log-level", "INFO", "--log-level-linstor", "DEBUG",
		"--rest-bind", "0.0.0.0:3370", "--rest-bind-secure", "0.0.0.0:3371", "--webui-directory", "/ui", "--disable-db-version-check",
		"--memory-database"}
	c, err := LoadController(input(controllerFile, upstreamController, map[string]string{"MASTER_PASSPHRASE": "hush", "LS_WEBUI_DIRECTORY": "/u"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	if c.Logging.Directory != "/var/log/linstor-controller" || c.Logging.SlogLevel().String() != "DEBUG" || !c.DB.InMemory {
		t.Errorf("logging %+v, in memory %v", c.Logging, c.DB.InMemory)
	}
	var warned []string
	for _, w := range c.Warnings() {
		warned = append(warned, w.Key)
		if strings.Contains(w.Where+w.Why, "hush") {
			t.Errorf("warning with a secret: %+v", w)
		}
	}
	for _, key := range []string{"https.keystore", "https.truststore", "db.connection_url", "db.password", "db.client_key_pkcs8_pem",
		"db.k8s.request_retries", "ldap.uri", "webUi.directory", "logging.rest_access_log_mode", "debug.console"} {
		if !strings.Contains(" "+strings.Join(warned, " ")+" ", " "+key+" ") {
			t.Errorf("no warning that %s has no effect; got %v", key, warned)
		}
	}
}

func TestUpstreamSatelliteIsAccepted(t *testing.T) {
	const file = `
[netcom]
  type = "Plain"
  bind_address = "0.0.0.0"
  port = 3366
  server_certificate = "/etc/linstor/keystore.jks"
  key_password = "hush"
  keystore_password = "hush"
  trusted_certificates = "/etc/linstor/certificates.jks"
  truststore_password = "hush"
  ssl_protocol = "TLSv1.2"
[logging]
  level = "INFO"
  linstor_level = "INFO"
[files]
  allowExtFiles = ["/etc/systemd/system", "/etc/drbd.d"]
`
	args := []string{"-l", "/var/log/linstor-satellite", "-d", "-p", "-k", "x.*", "-s", "--skip-drbd-check", "--port=3400",
		"--bind-address", "10.0.0.1", "--override-node-name", "alpha", "--allow-ext-files", "/a,/b", "--remote-spdk", "--ebs"}
	s, err := LoadSatellite(input(satelliteFile, file, map[string]string{"LS_KEEP_RES": "y", "LS_PLAIN_PORT_OVERRIDE": "4000", "LS_OVERRIDE_NODE_NAME": "beta"}, args...))
	if err != nil {
		t.Fatal(err)
	}
	if s.Addr() != "10.0.0.1:3400" || s.Node != "alpha" || len(s.extFiles) != 2 {
		t.Errorf("addr %s, node %s, files %v", s.Addr(), s.Node, s.extFiles)
	}
}

func TestSatellitePort(t *testing.T) {
	pem := "[netcom]\ntype = \"SSL\"\ncertificate = \"c\"\nkey = \"k\"\nca = \"a\"\n"
	override := map[string]string{"LS_PLAIN_PORT_OVERRIDE": "4000"}
	tests := map[string]struct {
		in   Input
		want int
	}{
		"plain":              {input(satelliteFile, "", nil), 3366},
		"plain, overridden":  {input(satelliteFile, "", override), 4000},
		"ssl":                {input(satelliteFile, pem, nil), 3367},
		"ssl, not for plain": {input(satelliteFile, pem, override), 3367},
		"ssl, given":         {input(satelliteFile, pem+"port = 5000\n", override), 5000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := LoadSatellite(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if s.Port != tt.want {
				t.Errorf("port %d, want %d", s.Port, tt.want)
			}
		})
	}
}

func TestProblemsInTheControllerFile(t *testing.T) {
	const at = "/etc/linstor/linstor.toml:"
	tests := map[string]struct {
		file string
		want []string
	}{
		"slip of the pen":   {"[http]\nprt = 1\n", []string{at + "2: http.prt: is not a known setting; did you mean http.port?"}},
		"wrong section":     {"[http]\nkeystore = \"a\"\n", []string{"http.keystore", "did you mean https.keystore?"}},
		"nothing near":      {"[http]\n\n\nabsolutely_other_thing = 1\n", []string{at + "4: http.absolutely_other_thing", "config show"}},
		"dotted and inline": {"http.prt = 1\nhttps = { prt = 2 }\n", []string{at + "1: http.prt", at + "2: https.prt"}},
		"text for number":   {"[http]\nport = \"3370\"\n", []string{at + "2: http.port", "whole number, without quotes"}},
		"number for text":   {"[http]\nlisten_addr = 1\n", []string{at + "2: http.listen_addr", "text in quotes"}},
		"text for switch":   {"[http]\nenabled = \"yes\"\n", []string{at + "2: http.enabled", "true or false, without quotes"}},
		"list of sections":  {"[[http]]\nport = 1\n", []string{at + "1: http", "write [http]"}},
		"syntax":            {"[http]\nport 3370\n", []string{at + "2:", "TOML syntax"}},
		"twice":             {"[http]\nport = 1\nport = 2\n", []string{"port", "TOML"}},
		"port too high":     {"[http]\nport = 70000\n", []string{at + "2: http.port: 70000 is out of range; use a number from 0 to 65535"}},
		"no address":        {"[http]\nlisten_addr = \"everywhere\"\n", []string{at + "2", `"everywhere" is not an IP address`}},
		"level":             {"[logging]\nlevel = \"LOUD\"\n", []string{at + "2: logging.level", "ERROR, WARN, INFO, DEBUG, TRACE"}},
		"nothing served":    {"[http]\nenabled = false\n", []string{at + "2: http.enabled", "neither HTTP nor HTTPS"}},
		"HTTPS without key": {"[https]\nenabled = true\ncertificate = \"c\"\n", []string{at + "2: https.enabled", "https.key", "keytool"}},
		"truststore is not dropped in silence": {"[https]\nenabled = true\ncertificate = \"c\"\nkey = \"k\"\ntruststore = \"t\"\n",
			[]string{"HTTPS needs https.ca"}},
		"LDAP is not dropped in silence": {"[ldap]\nenabled = true\n", []string{at + "2: ldap.enabled", "open to everybody"}},
		"half a pair":                    {"[satellites]\ncertificate = \"c\"\n", []string{"satellites.key: is needed too"}},
		"time span":                      {"[controller]\nwait = \"-1s\"\n", []string{at + "2: controller.wait", `"20s"`}},
		"all at once":                    {"[http]\nprt = 1\nport = \"a\"\nlisten_addr = \"b\"\n", []string{at + "2", at + "3", at + "4"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := LoadController(input(controllerFile, tt.file, nil))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q:\n%v", want, err)
				}
			}
			if isUsage(err) {
				t.Error("a fault of the file was reported as one of the command line")
			}
		})
	}
}

func TestSSLNeedsCertificates(t *testing.T) {
	_, err := LoadSatellite(input(satelliteFile, "[netcom]\ntype = \"ssl\"\nserver_certificate = \"/k.jks\"\n", nil))
	if err == nil || !strings.Contains(err.Error(), "linstor_satellite.toml:2: netcom.type: type ssl needs netcom.certificate") {
		t.Errorf("got %v", err)
	}
}

func TestCommandLineErrors(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown option": {[]string{"--rest-bnd", "x"}, "unknown option -rest-bnd"},
		"no value":       {[]string{"--rest-bind"}, "rest-bind"},
		"bad port":       {[]string{"--rest-bind", "1.2.3.4:http"}, "no valid port"},
		"not a number":   {[]string{"--set", "http.port=abc"}, "http.port"},
		"unknown key":    {[]string{"--set", "http.prt=1"}, "did you mean http.port?"},
		"no pair":        {[]string{"--set", "http.port"}, "key=value"},
		"secret":         {[]string{"--set", "db.password=x"}, "could see on the command line"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := LoadController(input(controllerFile, "", nil, tt.args...))
			if !isUsage(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v (%T), want a usage error with %q", err, err, tt.want)
			}
		})
	}
}

func TestMissingDirectory(t *testing.T) {
	_, err := LoadController(input(controllerFile, "", nil, "-c", "/nowhere"))
	if err == nil || !strings.Contains(err.Error(), "/nowhere is not a directory") {
		t.Errorf("got %v", err)
	}
}

func TestShowMasksSecrets(t *testing.T) {
	c, err := LoadController(input(controllerFile, upstreamController, map[string]string{"MASTER_PASSPHRASE": "hush"}))
	if err != nil {
		t.Fatal(err)
	}
	var table, js bytes.Buffer
	if err := errors.Join(c.Show(&table, false), c.Show(&js, true)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(table.String()+js.String(), "hush") {
		t.Errorf("a secret is shown:\n%s", table.String())
	}
	for _, want := range []string{"KEY", "http.listen_addr", "127.0.0.1", "/etc/linstor/linstor.toml:4", masked, "default"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("table lacks %q", want)
		}
	}
	var rows []shown
	if err := json.Unmarshal(js.Bytes(), &rows); err != nil {
		t.Fatal(err)
	}
	if len(rows) != len(c.fields) || rows[2].Key != "http.port" || rows[2].Value != 3370.0 {
		t.Errorf("rows: %+v", rows[:3])
	}
}

func TestEveryFieldIsSound(t *testing.T) {
	all := map[string]*settings{"controller": &DefaultController().settings, "satellite": &DefaultSatellite().settings}
	for name, s := range all {
		seen := map[string]bool{}
		for _, f := range s.fields {
			if seen[f.key] {
				t.Errorf("%s: key %s is there twice", name, f.key)
			}
			seen[f.key] = true
			if what := f.parse(f.text()); what != "" {
				t.Errorf("%s: the default of %s does not read back: %s", name, f.key, what)
			}
		}
		for _, o := range s.options {
			pairs, err := o.keys("1")
			if err != nil {
				t.Errorf("%s: option %s: %v", name, o.long, err)
			}
			for k := range pairs {
				if s.find(k) == nil {
					t.Errorf("%s: option %s sets %s, which does not exist", name, o.long, k)
				}
			}
		}
		if ps := s.check(); len(ps) > 0 {
			t.Errorf("%s: the defaults do not pass: %v", name, ps)
		}
	}
}

func TestSettingsOfTheAPI(t *testing.T) {
	c, err := LoadController(input(controllerFile, "[http]\nport = 1234\n[controller]\nwait = \"5s\"\n", nil, "--log-level", "warn"))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Settings()
	if s.HTTP.Port != 1234 || s.Log.LevelLinstor != "WARN" || s.Config.Dir != DefaultDir || c.Wait != 5*time.Second {
		t.Errorf("settings %+v %+v, wait %s", s.HTTP, s.Log, c.Wait)
	}
}

func TestHelpListsTheOptions(t *testing.T) {
	c, err := LoadController(input(controllerFile, "[broken", nil, "-h"))
	if err != nil || !c.WantsHelp() {
		t.Fatalf("err %v, help %v", err, c.WantsHelp())
	}
	var out bytes.Buffer
	c.Usage(&out)
	for _, want := range []string{"-c, --config-directory DIR", "--rest-bind ADDRESS[:PORT]", "[LS_REST_BIND_ADDRESS]", "-v, --version"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("help lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "disable-db-version-check") {
		t.Error("help shows an option without effect")
	}
}

func FuzzFile(f *testing.F) {
	f.Add(upstreamController)
	f.Add("[[http]]\na.b.c = {d = [1, {e = 2}]}\n")
	f.Add("http = [1]\n[db]\nk8s = \"x\"\n")
	f.Fuzz(func(t *testing.T, content string) {
		c, err := LoadController(input(controllerFile, content, nil))
		if err == nil && len(c.check()) > 0 {
			t.Error("accepted a value that does not pass its check")
		}
	})
}
