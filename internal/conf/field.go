package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// fromDefault is the source of a value that nobody set.
const fromDefault = "default"

// field is one setting: its key in the file, where the value is kept, and where
// it came from.
type field struct {
	key string
	// alias is an older spelling of the key.
	alias string
	// ptr is a *string, *bool, *int, *[]string or *time.Duration.
	ptr    any
	secret bool
	// inert says why the value has no effect in this version; empty if it has one.
	inert string
	// check gives what is wrong and how to mend it.
	check  func() (what, fix string)
	source string
}

// set gives the field a value written as text.
func (f *field) set(text, source string) error {
	if what := f.parse(text); what != "" {
		return Problem{Where: source, Key: f.key, What: what, Fix: f.wanted()}
	}
	f.source = source
	return nil
}

func (f *field) parse(text string) (problem string) {
	switch p := f.ptr.(type) {
	case *string:
		*p = text
	case *bool:
		v, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return fmt.Sprintf("%q is neither true nor false", text)
		}
		*p = v
	case *int:
		v, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Sprintf("%q is not a whole number", text)
		}
		*p = v
	case *[]string:
		*p = slices.DeleteFunc(strings.Split(text, ","), func(s string) bool { return s == "" })
	case *time.Duration:
		v, err := time.ParseDuration(text)
		if err != nil || v < 0 {
			return fmt.Sprintf("%q is not a time span", text)
		}
		*p = v
	default:
		panic(fmt.Sprintf("field %s has unknown type %T", f.key, f.ptr))
	}
	return ""
}

// wanted says how a value is written in the file.
func (f *field) wanted() string {
	switch f.ptr.(type) {
	case *bool:
		return "write true or false, without quotes"
	case *int:
		return "write a whole number, without quotes"
	case *[]string:
		return `write a list of texts, such as ["a", "b"]`
	case *time.Duration:
		return `write a time span, such as "20s"`
	default:
		return `write a text in quotes, such as "value"`
	}
}

// text is the value as it would be set by set.
func (f *field) text() string {
	switch p := f.ptr.(type) {
	case *string:
		return *p
	case *bool:
		return strconv.FormatBool(*p)
	case *int:
		return strconv.Itoa(*p)
	case *[]string:
		return strings.Join(*p, ",")
	case *time.Duration:
		return p.String()
	}
	return ""
}

// oneOf checks a text against its possible values, without regard to case.
func oneOf(p *string, allowed ...string) func() (string, string) {
	return func() (string, string) {
		for _, a := range allowed {
			if strings.EqualFold(*p, a) {
				return "", ""
			}
		}
		return fmt.Sprintf("%q is not known", *p), "use one of " + strings.Join(allowed, ", ")
	}
}

// orUnset lets an empty text pass a check.
func orUnset(p *string, check func() (string, string)) func() (string, string) {
	return func() (string, string) {
		if *p == "" {
			return "", ""
		}
		return check()
	}
}

// inRange checks a number.
func inRange(p *int, low, high int) func() (string, string) {
	return func() (string, string) {
		if *p < low || *p > high {
			return fmt.Sprintf("%d is out of range", *p), fmt.Sprintf("use a number from %d to %d", low, high)
		}
		return "", ""
	}
}
