package conf

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// writeOptions prints the options that are common and the daemon's own.
func (s *settings) writeOptions(w io.Writer) {
	all := append([]option{
		{long: "config-directory", short: "c", arg: "DIR", help: "where the file is (default " + DefaultDir + ")"},
		{long: "set", arg: "KEY=VALUE", help: "set any key of the file"},
	}, s.options...)
	all = append(all, option{long: "version", short: "v", help: "show the version"},
		option{long: "help", short: "h", help: "show this text"})
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, o := range all {
		if o.hidden || o.long == "" {
			continue
		}
		name := "    --" + o.long
		if o.short != "" {
			name = "-" + o.short + ", --" + o.long
		}
		if o.arg != "" {
			name += " " + o.arg
		}
		text := o.help
		if o.env != "" {
			text += " [" + o.env + "]"
		}
		fmt.Fprintf(tw, "  %s\t%s\n", name, strings.TrimSpace(text))
	}
	tw.Flush()
	fmt.Fprintf(w, "\nEvery key of the file can also be set by a variable, %s for http.port.\n"+
		"Stronger in this order: default, environment, file, command line.\n", EnvName("http.port"))
}
