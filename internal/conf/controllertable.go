package conf

import "errors"

// Reasons why a key of upstream's has no effect here.
const (
	noJKS       = "Java keystores are not read; use certificate, key and ca with PEM files"
	noLDAP      = "there is no sign-in by LDAP"
	noOtherDB   = "the state is kept in the SQLite file db.path"
	noAccessLog = "requests are logged with the rest, at level DEBUG"
	noWebUI     = "no web pages are served"
	noConsole   = "there is no debug console"
	noTrace     = "errors carry what was being done instead of a stack trace"
	noCheck     = "a database of a newer version is never opened"
	noExtFiles  = "external files are not written"
	noSpecial   = "this kind of satellite does not exist here"
	noKeep      = "resource files of others are never touched"
	noSkip      = "upstream ignores it too"
)

func (c *Controller) table() []*field {
	fields := []*field{
		{key: "http.enabled", ptr: &c.HTTP.Enabled},
		{key: "http.listen_addr", ptr: &c.HTTP.Address, check: isAddress(&c.HTTP.Address)},
		{key: "http.port", ptr: &c.HTTP.Port, check: inRange(&c.HTTP.Port, 0, 65535)},
		{key: "https.enabled", ptr: &c.HTTPS.Enabled},
		{key: "https.listen_addr", ptr: &c.HTTPS.Address, check: isAddress(&c.HTTPS.Address)},
		{key: "https.port", ptr: &c.HTTPS.Port, check: inRange(&c.HTTPS.Port, 0, 65535)},
	}
	fields = append(fields, c.HTTPSPEM.fields("https")...)
	fields = append(fields, c.Satellites.fields("satellites")...)
	fields = append(fields,
		&field{key: "db.path", ptr: &c.DB.Path, check: notEmpty(&c.DB.Path)},
		&field{key: "db.in_memory", ptr: &c.DB.InMemory},
		// Upstream allows user and password within the URL.
		&field{key: "db.connection_url", ptr: &c.DB.ConnectionURL, secret: true},
		&field{key: "encrypt.passphrase", ptr: &c.MasterPassphrase, secret: true},
		&field{key: "controller.wait", ptr: &c.Wait},
		&field{key: "ldap.enabled", ptr: &c.LDAP.Enabled},
	)
	fields = append(fields, c.Logging.fields()...)
	return append(fields, c.inertTable()...)
}

func (c *Controller) inertTable() []*field {
	return []*field{
		{key: "https.keystore", ptr: new(string), inert: noJKS},
		{key: "https.keystore_password", ptr: new(string), inert: noJKS, secret: true},
		{key: "https.truststore", ptr: new(string), inert: noJKS},
		{key: "https.truststore_password", ptr: new(string), inert: noJKS, secret: true},
		{key: "ldap.allow_public_access", ptr: &c.LDAP.PublicAccess, inert: noLDAP},
		{key: "ldap.uri", ptr: &c.LDAP.URI, inert: noLDAP},
		{key: "ldap.dn", ptr: &c.LDAP.DN, inert: noLDAP},
		{key: "ldap.search_base", ptr: &c.LDAP.SearchBase, inert: noLDAP},
		{key: "ldap.search_filter", ptr: &c.LDAP.SearchFilter, inert: noLDAP},
		{key: "db.user", ptr: new(string), inert: noOtherDB},
		{key: "db.password", ptr: new(string), inert: noOtherDB, secret: true},
		{key: "db.ca_certificate", ptr: &c.DB.caCertificate, inert: noOtherDB},
		{key: "db.client_certificate", ptr: &c.DB.clientCertificate, inert: noOtherDB},
		{key: "db.client_key_pkcs8_pem", alias: "db.client_key_pcks8_pem", ptr: new(string), inert: noOtherDB},
		{key: "db.client_key_password", ptr: new(string), inert: noOtherDB, secret: true},
		{key: "db.disable_version_check", ptr: new(bool), inert: noCheck},
		{key: "db.k8s.request_retries", ptr: new(3), inert: noOtherDB},
		{key: "db.k8s.max_rollback_entries", ptr: new(100), inert: noOtherDB},
		{key: "db.etcd.operations_per_transaction", ptr: new(0), inert: noOtherDB},
		{key: "db.etcd.prefix", ptr: new(string), inert: noOtherDB},
		{key: "logging.rest_access_log_path", ptr: &c.accessLogPath, inert: noAccessLog},
		{key: "logging.rest_access_log_mode", ptr: &c.accessLogMode, inert: noAccessLog},
		{key: "logging.print_stack_trace", ptr: new(bool), inert: noTrace},
		{key: "webUi.directory", ptr: new(string), inert: noWebUI},
		{key: "debug.console", ptr: new(bool), inert: noConsole},
	}
}

func (c *Controller) optionTable() []option {
	own := []option{
		{env: "LS_REST_BIND_ADDRESS", long: "rest-bind", arg: "ADDRESS[:PORT]", help: "where HTTP is served", keys: bindTo("http.listen_addr", "http.port")},
		{env: "LS_REST_BIND_ADDRESS_SECURE", long: "rest-bind-secure", arg: "ADDRESS[:PORT]", help: "where HTTPS is served",
			keys: bindTo("https.listen_addr", "https.port")},
		{long: "memory-database", help: "keep the state in memory only", keys: to("db.in_memory")},
		{env: "MASTER_PASSPHRASE", keys: to("encrypt.passphrase")},
		{env: "LS_WEBUI_DIRECTORY", long: "webui-directory", arg: "DIR", hidden: true, keys: to("webUi.directory")},
		{long: "disable-db-version-check", hidden: true, keys: to("db.disable_version_check")},
	}
	return append(append(c.Logging.options(), own...), javaOptions()...)
}

// javaOptions are accepted so that existing units and images keep working.
func javaOptions() []option {
	return []option{
		{long: "debug-console", short: "d", hidden: true, keys: to("debug.console")},
		{long: "stack-traces", short: "p", hidden: true, keys: to("logging.print_stack_trace")},
	}
}

func notEmpty(p *string) func() (string, string) {
	return func() (string, string) {
		if *p == "" {
			return "is empty", "give a path"
		}
		return "", ""
	}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[*UsageError](err)
	return ok
}
