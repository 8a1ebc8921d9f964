package v1

// PropertyWithDescription is a value with the kind of object that sets it.
type PropertyWithDescription struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Descr string `json:"descr,omitempty"`
}

// EffectivePropertiesMapValue is the value in force with those that it hides.
type EffectivePropertiesMapValue struct {
	PropertyWithDescription
	Other []PropertyWithDescription `json:"other,omitempty"`
}

// PropsInfo describes a property that can be set.
type PropsInfo struct {
	Info     string `json:"info,omitempty"`
	PropType string `json:"prop_type,omitempty"`
	Value    string `json:"value,omitempty"`
	Dflt     string `json:"dflt,omitempty"`
	Unit     string `json:"unit,omitempty"`
}
