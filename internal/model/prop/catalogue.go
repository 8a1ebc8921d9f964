package prop

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Property is one row of the catalogue.
type Property struct {
	// Key is the full key; in a namespace row it ends with '/' and stands for all
	// keys below it.
	Key     string
	Rule    Rule
	Default string
	Unit    string
	// Help says what the property does.
	Help string
	// ReadOnly is set where only the system itself gives the value; it says what a
	// user can do instead.
	ReadOnly string
	// Secret values are never shown.
	Secret bool
	// Deprecated says what to do instead of setting the property.
	Deprecated string
	// Refused says what to do instead where no value is taken, though the key is known: a
	// property without effect must not look as if it had one.
	Refused string
	// Only is the one value that is taken nevertheless, as it says what is the case.
	Only string
	// ReplacedBy is the key under which a value is kept that comes with this one.
	ReplacedBy string

	in set
	// shape checks the rest of a key in a namespace and says what is wrong.
	shape func(rest string) string
}

// Classes lists the objects that take the property.
func (p *Property) Classes() []Class { return p.in.classes() }

// catalogue is the index of all tables; it is never changed once it is built.
type catalogue struct {
	byClass map[Class]map[string]*Property
	// anywhere finds a key whatever object takes it.
	anywhere map[string]*Property
	spaces   []*Property
}

// index is built at the first use.
var index = sync.OnceValue(buildCatalogue)

func tables() [][]Property {
	return [][]Property{
		allocationTable(), autoplacerTable(), autoSnapshotTable(), backupTable(), balanceTable(), bcacheTable(), cacheTable(),
		cloneTable(), commandTable(), controllerTable(), drbdAutoTable(), drbdDiskTable(), drbdEvictionTable(), drbdHandlerTable(),
		drbdLinkTable(),
		drbdNetTable(), drbdPeerDeviceTable(), drbdProxyTable(), drbdResourceTable(), driverTable(), fileSystemTable(), luksTable(),
		networkTable(), nvmeTable(), oversubscriptionTable(), poolTable(), remoteSpdkTable(), systemTable(), throttleTable(),
		writecacheTable(), zfsTable(),
	}
}

func buildCatalogue() *catalogue {
	c := &catalogue{byClass: map[Class]map[string]*Property{}, anywhere: map[string]*Property{}}
	for _, class := range Classes() {
		c.byClass[class] = map[string]*Property{}
	}
	for _, table := range tables() {
		for i := range table {
			p := prepared(&table[i])
			c.anywhere[p.Key] = p
			for _, class := range p.Classes() {
				c.byClass[class][p.Key] = p
			}
		}
	}
	for _, table := range [][]Property{namespaceTable(), systemNamespaceTable()} {
		for i := range table {
			c.spaces = append(c.spaces, prepared(&table[i]))
		}
	}
	slices.SortFunc(c.spaces, func(a, b *Property) int { return len(b.Key) - len(a.Key) })
	return c
}

// prepared compiles the pattern of a row, which must match the whole value.
func prepared(p *Property) *Property {
	if p.Rule.Kind == "" {
		p.Rule = text()
	}
	if p.Rule.Pattern != "" && !p.Rule.ranges {
		p.Rule.pattern = regexp.MustCompile(`^(?:` + p.Rule.Pattern + `)$`)
	}
	return p
}

// Find gives the row for a key of an object: its own, else that of the namespace
// it lies in. The key must be normal.
func Find(class Class, key string) (*Property, bool) {
	c := index()
	if p, ok := c.byClass[class][key]; ok {
		return p, true
	}
	for _, p := range c.spaces {
		if p.in&class.bit() != 0 && strings.HasPrefix(key, p.Key) && len(key) > len(p.Key) {
			return p, true
		}
	}
	return nil, false
}

// IsSecret tells whether the value of a key must not be shown, whatever object
// has it.
func IsSecret(key string) bool {
	p, ok := index().anywhere[key]
	return ok && p.Secret
}

// Keys lists the keys that can be set on an object, sorted, without those in
// namespaces.
func Keys(class Class) []string {
	var out []string
	for key, p := range index().byClass[class] {
		if p.ReadOnly == "" && (p.Refused == "" || p.Only != "") {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// List gives the rows of an object, sorted by key, without the namespaces.
func List(class Class) []Property {
	rows := index().byClass[class]
	out := make([]Property, 0, len(rows))
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, *rows[key])
	}
	return out
}
