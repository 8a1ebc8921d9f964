package prop

import "github.com/holdfast-storage/holdfast/api/v1"

// Infos describes the properties that can be set on an object, for the
// properties/info calls.
func Infos(class Class) map[string]v1.PropsInfo {
	out := map[string]v1.PropsInfo{}
	for key, p := range index().byClass[class] {
		if p.ReadOnly != "" || p.Refused != "" && p.Only == "" {
			continue
		}
		out[key] = v1.PropsInfo{Info: p.info(), PropType: string(p.Rule.Kind), Value: p.Rule.Value(), Dflt: p.Default, Unit: p.Unit}
	}
	return out
}

func (p *Property) info() string {
	if p.Deprecated != "" {
		return "Deprecated: " + p.Deprecated
	}
	return p.Help
}
