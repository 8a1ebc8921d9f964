package cli

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// Section is a part of DRBD's configuration, and of the property keys.
type Section string

// The sections.
const (
	SectionDisk     Section = "Disk"
	SectionPeer     Section = "PeerDevice"
	SectionNet      Section = "Net"
	SectionResource Section = "Resource"
	SectionHandlers Section = "Handlers"
)

// AllSections is what a resource definition, a group and the controller have.
var AllSections = []Section{SectionDisk, SectionPeer, SectionNet, SectionResource, SectionHandlers}

// DRBDOption is one DRBD option.
type DRBDOption struct {
	Section Section
	Name    string
	// Choices and the range limit the value; without either it is text.
	Choices  []string
	Min, Max int64
	Numeric  bool
	// Unit is what a plain number counts.
	Unit string
}

// Flag is the option's spelling on the command line.
func (o DRBDOption) Flag() string {
	switch {
	case o.Section == SectionHandlers:
		return "handler-" + o.Name
	case o.Name == "timeout":
		return "drbd-timeout" // --timeout is a global option
	default:
		return o.Name
	}
}

// Key is the option's property key.
func (o DRBDOption) Key() string { return "DrbdOptions/" + string(o.Section) + "/" + o.Name }

// DRBDOptions makes the drbd-options (or drbd-peer-options) command of an object.
func DRBDOptions(name, alias string, object []Positional, sections []Section,
	modify func(context.Context, *Call, *client.Client, PropsPatch) (*client.Reply, error)) *Command {
	return &Command{
		Name: name, Aliases: []string{alias},
		Short: "Sets DRBD options; --unset-OPTION removes one.",
		Args: func(s *args.Spec) {
			declare(s, object)
			for _, o := range drbdOptions() {
				if slices.Contains(sections, o.Section) {
					o.declare(s)
				}
			}
		},
		Run: func(ctx context.Context, c *Call) error {
			patch, err := drbdPatch(c, sections)
			if err != nil {
				return err
			}
			api, err := c.API()
			if err != nil {
				return err
			}
			return c.Change(modify(ctx, c, api, patch))
		},
	}
}

func (o DRBDOption) declare(s *args.Spec) {
	a := s.Opt("--"+o.Flag(), strings.TrimSpace("DRBD section "+strings.ToLower(string(o.Section))+" "+o.unitHelp()))
	if len(o.Choices) > 0 {
		a.Choose(o.Choices...)
		if o.Numeric {
			a.Range(o.Min, o.Max)
		}
	}
	s.Flag("--unset-"+o.Flag(), "remove the option").Hide()
}

func (o DRBDOption) unitHelp() string {
	if !o.Numeric {
		return ""
	}
	text := fmt.Sprintf("%d to %d", o.Min, o.Max)
	if o.Unit != "" {
		text += ", in " + o.Unit
	}
	return text
}

func drbdPatch(c *Call, sections []Section) (PropsPatch, error) {
	p := PropsPatch{Override: map[string]string{}}
	for _, o := range drbdOptions() {
		if !slices.Contains(sections, o.Section) {
			continue
		}
		set, unset := c.V.Given(o.Flag()), c.V.Given("unset-"+o.Flag())
		switch {
		case set && unset:
			return p, Usagef("Error: You are not allowed to set and unset %s at the same time!", o.Flag())
		case set:
			v, err := o.value(c.V.Str(o.Flag()))
			if err != nil {
				return p, err
			}
			p.Override[o.Key()] = v
		case unset:
			p.Delete = append(p.Delete, o.Key())
		}
	}
	if len(p.Override) == 0 && len(p.Delete) == 0 {
		return p, Usagef("Error: No option given; see --help for the list")
	}
	return p, nil
}

// value checks and converts a value. Sizes and rates take a unit and count bytes
// without one, whatever DRBD counts them in.
func (o DRBDOption) value(text string) (string, error) {
	if !o.Numeric || slices.Contains(o.Choices, text) {
		return text, nil
	}
	v, err := o.scaled(text)
	if err != nil {
		return "", err
	}
	if v < o.Min || v > o.Max {
		return "", Usagef("Error: --%s: %s is not in the range [%d..%d]%s", o.Flag(), text, o.Min, o.Max, strings.TrimRight(" "+o.Unit, " "))
	}
	return strconv.FormatInt(v, 10), nil
}

// perUnit is how many bytes the option's unit is.
func (o DRBDOption) perUnit() int64 {
	switch o.Unit {
	case unitKiBps:
		return 1024
	case unitSectors:
		return 512
	default:
		return 1
	}
}

func (o DRBDOption) scaled(text string) (int64, error) {
	number, suffix := splitNumber(text)
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, Usagef("Error: --%s: '%s' is not a number", o.Flag(), text)
	}
	per, ok := bytesPerUnit[strings.ToUpper(strings.TrimSuffix(suffix, "/s"))]
	switch {
	case suffix == "":
		per = 1
	case !ok || !o.hasSize():
		return 0, Usagef("Error: --%s: '%s': the unit is not known here", o.Flag(), text)
	}
	if n > math.MaxInt64/per {
		return 0, Usagef("Error: --%s: %s is too large", o.Flag(), text)
	}
	v := n * per / o.perUnit()
	if v == 0 && n > 0 {
		return 0, Usagef("Error: --%s: %s is less than one unit of %s; a number without a unit counts bytes, write for example %sK", o.Flag(), text, o.Unit, number)
	}
	return v, nil
}

// hasSize tells whether the value is a size or a rate.
func (o DRBDOption) hasSize() bool {
	return o.Unit == unitBytes || o.Unit == unitKiBps || o.Unit == unitSectors || o.Unit == ""
}
