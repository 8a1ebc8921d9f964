package drbd

import "strconv"

// LocalUname is the host that a resource is seen from, with its id.
func (r *Resource) LocalUname() (string, int) {
	n, _ := r.local()
	return n.Uname, n.NodeID
}

// Expectation is the number of disks and peers that DRBD shall have.
func (r *Resource) Expectation() (disks, peers int) {
	n, _ := r.local()
	if !n.Diskless {
		disks = len(r.Volumes)
	}
	return disks, len(r.linked())
}

// StartArgs are node ids with the argument of set-gi.
func StartArgs(s Start, nodeID int, peers []int, day0, random UUID) [][2]string {
	var out [][2]string
	for _, g := range startGIs(s, nodeID, peers, day0, random) {
		out = append(out, [2]string{strconv.Itoa(g.NodeID), g.Arg})
	}
	return out
}

// OptionSections has the names of all options by section, with whether the value
// is quoted and the version that they need.
func OptionSections() map[string]map[string]OptionFact {
	out := map[string]map[string]OptionFact{}
	for s, table := range optionTable {
		out[string(s)] = map[string]OptionFact{}
		for n, i := range table {
			out[string(s)][n] = OptionFact{Quoted: i.shape == quoted, Since: i.since}
		}
	}
	return out
}

// OptionFact is a row of the table.
type OptionFact struct {
	Quoted bool
	Since  Version
}

// Reserved tells whether an option is left out on purpose.
func Reserved(name string) bool { return reserved[name] != "" }
