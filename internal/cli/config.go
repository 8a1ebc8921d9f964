package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// configDirs are where configuration is looked for, below the root.
const (
	systemDropIns = "etc/linstor/linstor-client.d"
	systemConfig  = "etc/linstor/linstor-client.conf"
	userConfig    = ".config/linstor/linstor-client.conf"
)

// config is the content of the configuration files: section → key → value.
type config map[string]map[string]string

// readConfig reads the drop-in folder, sorted, and then the user's file, or else
// the system's. A later file replaces whole sections.
func (a *App) readConfig() (config, error) {
	merged := config{}
	names, err := a.Env.Files.Glob(path.Join(systemDropIns, "*.conf"))
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", systemDropIns, err)
	}
	slices.Sort(names)
	for _, single := range []string{path.Join(strings.TrimPrefix(a.Env.Getenv("HOME"), "/"), userConfig), systemConfig} {
		if a.Env.Files.Exists(single) {
			names = append(names, single)
			break
		}
	}
	for _, name := range names {
		text, err := a.Env.Files.Read(name)
		if err != nil {
			return nil, fmt.Errorf("read configuration: %w", err)
		}
		c, err := parseINI(string(text))
		if err != nil {
			return nil, fmt.Errorf("/%s: %w", name, err)
		}
		maps.Copy(merged, c)
	}
	return merged, nil
}

// parseINI reads sections with key=value or key: value lines; # and ; begin a
// comment, a line that begins with a blank goes on with the value before.
func parseINI(text string) (config, error) {
	c := config{}
	section, last := "", ""
	for n, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") || strings.HasPrefix(trimmed, ";") {
			continue
		}
		if strings.HasPrefix(trimmed, "[") {
			end := strings.IndexByte(trimmed, ']')
			if end < 0 {
				return nil, fmt.Errorf("line %d: the section has no ]", n+1)
			}
			section, last = trimmed[1:end], ""
			c[section] = map[string]string{}
			continue
		}
		if section == "" {
			return nil, fmt.Errorf("line %d: a key stands before the first [section]", n+1)
		}
		if last != "" && (line[0] == ' ' || line[0] == '\t') {
			c[section][last] += "\n" + trimmed
			continue
		}
		i := strings.IndexAny(trimmed, "=:")
		if i < 0 {
			i = len(trimmed)
		}
		last = strings.ToLower(strings.TrimSpace(trimmed[:i]))
		c[section][last] = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(trimmed[i:]), "=:"))
	}
	return c, nil
}

// globalWords are the options of the [global] section as command line words.
func (c config) globalWords() []string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(c["global"])) {
		words = append(words, optionWords(key, c["global"][key])...)
	}
	return words
}

// optionWords turns a key and a value, which may be empty, into an option.
func optionWords(key, value string) []string {
	name := "--" + strings.ToLower(strings.ReplaceAll(key, "_", "-"))
	if value == "" {
		return []string{name}
	}
	return []string{name, value}
}

// envWords are the options in LS_CLIENT_… variables.
func envWords(environ []string) []string {
	var words []string
	for _, e := range slices.Sorted(slices.Values(environ)) {
		key, value, _ := strings.Cut(e, "=")
		if name, ok := strings.CutPrefix(key, "LS_CLIENT_"); ok && name != "" {
			words = append(words, optionWords(name, value)...)
		}
	}
	return words
}

// listDefaults are the values of a [node.list]-like section: a string, a list of
// strings or a boolean per option.
func (c config) listDefaults(command string) (map[string][]string, error) {
	out := map[string][]string{}
	for key, raw := range c[command] {
		key = strings.ReplaceAll(key, "_", "-")
		var list []string
		var one string
		var flag bool
		switch {
		case json.Unmarshal([]byte(raw), &list) == nil:
			out[key] = list
		case json.Unmarshal([]byte(raw), &one) == nil:
			out[key] = []string{one}
		case json.Unmarshal([]byte(raw), &flag) == nil:
			if flag {
				out[key] = []string{}
			}
		default:
			return nil, fmt.Errorf("configuration [%s]: %s=%s is not JSON", command, key, raw)
		}
	}
	return out, nil
}
