package conf

import (
	"cmp"
	"log/slog"

	"github.com/holdfast-storage/holdfast/internal/obs"
)

// Logging is how and where a daemon reports.
type Logging struct {
	// Level is upstream's level of everything, LinstorLevel that of the program
	// without its libraries. Here LinstorLevel wins where it is set.
	Level        string
	LinstorLevel string
	Format       string
	// Directory is where error reports are kept.
	Directory string
}

// SlogLevel is the level to start with. The names were checked on loading.
func (l Logging) SlogLevel() slog.Level {
	level, err := obs.Level(cmp.Or(l.LinstorLevel, l.Level))
	if err != nil {
		return slog.LevelInfo
	}
	return level
}

func (l *Logging) fields() []*field {
	levels := []string{"ERROR", "WARN", "INFO", "DEBUG", "TRACE"}
	return []*field{
		{key: "logging.level", ptr: &l.Level, check: oneOf(&l.Level, levels...)},
		{key: "logging.linstor_level", ptr: &l.LinstorLevel, check: orUnset(&l.LinstorLevel, oneOf(&l.LinstorLevel, levels...))},
		{key: "logging.format", ptr: &l.Format, check: oneOf(&l.Format, obs.Formats()...)},
		{key: "logging.directory", ptr: &l.Directory},
	}
}

func (l *Logging) options() []option {
	return []option{
		{long: "logs", short: "l", arg: "DIR", help: "where error reports are kept", keys: to("logging.directory")},
		{long: "log-level", arg: "LEVEL", help: "ERROR, WARN, INFO, DEBUG or TRACE", keys: to("logging.level")},
		{long: "log-level-linstor", arg: "LEVEL", help: "the same; wins over --log-level", keys: to("logging.linstor_level")},
	}
}

// Certificates are PEM files. They are read again when they change.
type Certificates struct {
	Certificate string
	Key         string
	CA          string
}

// Given tells whether there is a certificate with its key.
func (c Certificates) Given() bool { return c.Certificate != "" && c.Key != "" }

func (c *Certificates) fields(section string) []*field {
	return []*field{
		{key: section + ".certificate", ptr: &c.Certificate},
		{key: section + ".key", ptr: &c.Key},
		{key: section + ".ca", ptr: &c.CA},
	}
}

// missing names the PEM keys that a section needs but has not.
func (c Certificates) missing(section string, withCA bool) (key string) {
	switch {
	case c.Certificate == "":
		return section + ".certificate"
	case c.Key == "":
		return section + ".key"
	case withCA && c.CA == "":
		return section + ".ca"
	}
	return ""
}

// pemFix is how a Java keystore becomes what this program reads.
const pemFix = "give the paths of PEM files; a Java keystore is converted by 'keytool -importkeystore -deststoretype pkcs12' and 'openssl pkcs12'"
