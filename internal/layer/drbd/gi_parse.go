package drbd

import (
	"fmt"
	"regexp"
	"strings"
)

var giLine = regexp.MustCompile(`(?m)^((?:[0-9A-F]{16}:){2}[0-9A-F]{1,16}(?::[0-9A-F]{16})*)((?::[01])+)\s*$`)

// ParseGI reads the output of get-gi or show-gi of drbdmeta and drbdsetup.
func ParseGI(out string) (GI, error) {
	m := giLine.FindStringSubmatch(out)
	if m == nil {
		return GI{}, fmt.Errorf("generation identifiers: no line of them in %q", brief(out))
	}
	var ids []UUID
	for s := range strings.SplitSeq(m[1], ":") {
		u, err := ParseUUID(s)
		if err != nil {
			return GI{}, err
		}
		ids = append(ids, u)
	}
	gi := GI{Current: ids[0], Bitmap: ids[1]}
	for _, u := range ids[2:] {
		if u != 0 {
			gi.History = append(gi.History, u)
		}
	}
	flags := strings.Split(m[2][1:], ":")
	f := &gi.Flags
	for i, field := range []*bool{&f.Consistent, &f.UpToDate, &f.Primary, &f.CrashedPrimary, &f.ALClean, &f.ALDisabled, &f.PrimaryLostQuorum,
		&f.Connected, &f.PeerOutdated, &f.PeerFencing, &f.FullSync, &f.PeerDeviceSeen} {
		if i < len(flags) {
			*field = flags[i] == "1"
		}
	}
	return gi, nil
}
