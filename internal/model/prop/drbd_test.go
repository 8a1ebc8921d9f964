package prop

import (
	"strconv"
	"strings"
	"testing"
)

// drbdOptions are the rows of DRBD's own options, which an object takes.
func drbdOptions(class Class) []Property {
	var out []Property
	for _, p := range List(class) {
		section, _, _ := strings.Cut(strings.TrimPrefix(p.Key, "DrbdOptions/"), "/")
		switch section {
		case "Net", "Disk", "PeerDevice", "Resource", "Handlers":
			if strings.HasPrefix(p.Key, "DrbdOptions/") {
				out = append(out, p)
			}
		}
	}
	return out
}

// Every option is checked by type and range on every object, and the refusal says
// what would be right.
func TestDRBDOptionsAreValidated(t *testing.T) {
	count := map[Class]int{}
	for _, class := range Classes() {
		for _, p := range drbdOptions(class) {
			count[class]++
			for _, bad := range badValues(&p) {
				_, f := Check(class, p.Key, bad)
				if f == nil {
					t.Errorf("%s on %s takes %q", p.Key, class, bad)
					continue
				}
				if !strings.Contains(f.Message, p.Key) || f.Correction == "" {
					t.Errorf("%s on %s: %q is refused with %q, %q", p.Key, class, bad, f.Message, f.Correction)
				}
			}
			for _, good := range goodValues(&p) {
				if _, f := Check(class, p.Key, good); f != nil {
					t.Errorf("%s on %s does not take %q: %v", p.Key, class, good, f)
				}
			}
		}
	}
	want := map[Class]int{Controller: 91, ResourceGroup: 91, ResourceDefinition: 91, NodeConnection: 47, ResourceConnection: 47,
		VolumeDefinition: 18, VolumeGroup: 18, Volume: 18}
	for class, n := range want {
		if count[class] < n {
			t.Errorf("%s takes %d of DRBD's options, at least %d are meant for it", class, count[class], n)
		}
	}
}

func badValues(p *Property) []string {
	switch r := p.Rule; r.Kind {
	case KindYesNo:
		return []string{"maybe", "1", ""}
	case KindSymbol:
		return []string{"no-such-word", "0", ""}
	case KindNumberOrSymbols:
		return []string{"0", "33", "minority", "-1"}
	case KindRange:
		out := []string{strconv.FormatInt(r.Max+1, 10), "many", "1.5", "-1", ""}
		if r.Min > 0 {
			out = append(out, strconv.FormatInt(r.Min-1, 10))
		}
		return out
	}
	return []string{"two\nlines"}
}

func goodValues(p *Property) []string {
	switch r := p.Rule; r.Kind {
	case KindYesNo:
		return []string{"yes", "no", "YES"}
	case KindSymbol:
		return r.Symbols
	case KindNumberOrSymbols:
		return append([]string{"1", "32"}, r.Symbols...)
	case KindRange:
		return []string{strconv.FormatInt(r.Min, 10), strconv.FormatInt(r.Max, 10)}
	}
	return []string{"abc"}
}
