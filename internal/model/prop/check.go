package prop

import (
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Check tells whether a user may set a property on an object, and gives the value
// in the form in which it is kept.
func Check(class Class, key, value string) (string, *fault.Fault) {
	key, f := NormalKey(key)
	if f != nil {
		return "", f
	}
	p, ok := Find(class, key)
	if !ok {
		return "", unknown(class, key)
	}
	if p.ReadOnly != "" {
		return "", readOnly(p, class, key)
	}
	kept, f := p.check(key, value)
	if f == nil && p.Refused != "" && (p.Only == "" || !strings.EqualFold(kept, p.Only)) {
		return "", fault.New(v1.FailInvalidProp, "Property '%s' cannot be set to '%s'.", key, brief(value)).
			Because("what that stands for is not done here").Fix("%s", p.Refused)
	}
	return kept, f
}

func (p *Property) check(key, value string) (string, *fault.Fault) {
	if rest, below := strings.CutPrefix(key, p.Key); below && p.shape != nil {
		if why := p.shape(rest); why != "" {
			return "", fault.New(v1.FailInvalidProp, "'%s' is not a valid property key.", brief(key)).
				Because("%s", why).Fix("%s", p.Help)
		}
	}
	kept, why := p.Rule.accept(value)
	if why == "" {
		return kept, nil
	}
	shown := "'" + brief(value) + "'"
	if p.Secret {
		shown = "The given value"
	}
	words := p.Rule.Words()
	if inUnits := p.Rule.Scale == 'k' || p.Rule.Scale == 's'; p.Unit != "" && !inUnits {
		words += " (" + p.Unit + ")"
	}
	return "", fault.New(v1.FailInvalidProp, "%s is not a valid value for property '%s'.", shown, key).
		Because("%s", why).Fix("Use %s.", words)
}

func readOnly(p *Property, class Class, key string) *fault.Fault {
	return fault.New(v1.FailInvalidProp, "Property '%s' of %s cannot be changed.", key, class.Words()).
		Because("the system itself keeps it").Fix("%s", p.ReadOnly)
}

func unknown(class Class, key string) *fault.Fault {
	f := fault.New(v1.FailInvalidProp, "Property '%s' cannot be set on %s.", brief(key), class.Words())
	if p, ok := index().anywhere[key]; ok && p.ReadOnly == "" {
		return f.Because("it is for other objects only").Fix("Set it on %s.", orList(wordsOf(p.Classes())))
	}
	f.Because("the key is not known for this object")
	if near := nearest(class, key); near != "" {
		return f.Fix("Did you mean '%s'? For data of your own use a key below 'Aux/', such as 'Aux/%s'.", near, brief(key))
	}
	return f.Fix("For data of your own use a key below 'Aux/', such as 'Aux/%s'.", brief(key))
}

func wordsOf(classes []Class) []string {
	out := make([]string, len(classes))
	for i, c := range classes {
		out[i] = c.Words()
	}
	return out
}
