package conf

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// masked stands for a secret that is set.
const masked = "********"

type shown struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Source string `json:"source"`
	Note   string `json:"note,omitempty"`
}

func (s *settings) shown() []shown {
	out := make([]shown, len(s.fields))
	for i, f := range s.fields {
		v := shown{Key: f.key, Source: f.source}
		switch p := f.ptr.(type) {
		case *bool:
			v.Value = *p
		case *int:
			v.Value = *p
		case *[]string:
			v.Value = append([]string{}, *p...)
		case *string:
			v.Value = *p
		case *time.Duration:
			v.Value = p.String()
		}
		if f.secret && f.text() != "" {
			v.Value = masked
		}
		if f.inert != "" {
			v.Note = "no effect in this version: " + f.inert
		}
		out[i] = v
	}
	return out
}

// Show prints every key with its value and where that came from; secrets are
// masked.
func (s *settings) Show(w io.Writer, asJSON bool) error {
	rows := s.shown()
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(rows)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "KEY\tVALUE\tSOURCE\t")
	for i, r := range rows {
		value := s.fields[i].text()
		if r.Value == masked {
			value = masked
		}
		if value == "" {
			value = "-"
		}
		source := r.Source
		if r.Note != "" {
			source += " (no effect)"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", r.Key, value, source)
	}
	return tw.Flush()
}
