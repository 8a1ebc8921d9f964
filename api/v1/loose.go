package v1

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// FlexInt is a number that clients also send as a string: the linstor client
// writes "place_count":"2".
type FlexInt int64

// UnmarshalJSON accepts 2 and "2". Its error is the decoder's own, so that the
// decoder adds which field it is about.
func (f *FlexInt) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return &json.UnmarshalTypeError{Value: string(b), Type: reflect.TypeFor[int64]()}
	}
	*f = FlexInt(n)
	return nil
}

// UnmarshalText accepts layer names in any case, as clients send them.
func (l *LayerType) UnmarshalText(b []byte) error {
	*l = LayerType(strings.ToUpper(string(b)))
	return nil
}

// UnmarshalText accepts provider names in any case, as clients send them.
func (p *ProviderKind) UnmarshalText(b []byte) error {
	*p = ProviderKind(strings.ToUpper(string(b)))
	return nil
}
