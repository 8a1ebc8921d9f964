package name

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

// Key is the form under which names are looked up and compared: names keep their
// spelling, but two that differ in case only are the same name.
func Key(s string) string { return strings.ToUpper(s) }

// shape is the rule of one kind of name: its length in bytes and the characters
// besides ASCII letters and digits.
type shape struct {
	code       v1.Code
	what       string
	field      string
	min, max   int
	first      string
	digitFirst bool
	others     string
	reserved   []string
	example    string
}

var (
	resourceShape = shape{code: v1.FailInvalidResourceName, what: "resource name", field: "name", min: 2, max: 48,
		first: "_", others: "_-", reserved: []string{"all", "proxy"}, example: "web-data"}
	groupShape = shape{code: v1.FailInvalidResourceGroupName, what: "resource group name", field: "name", min: 2, max: 48,
		first: "_", others: "_-", example: "fast-group"}
	snapshotShape = shape{code: v1.FailInvalidSnapshotName, what: "snapshot name", field: "name", min: 2, max: 48,
		first: "_", others: "_-", example: "before-upgrade"}
	keyValueShape = shape{code: v1.FailInvalidKVSName, what: "key-value store name", field: "name", min: 2, max: 48,
		first: "_", others: "_-", example: "my-settings"}
	poolShape = shape{code: v1.FailInvalidStoragePoolName, what: "storage pool name", field: "storage_pool_name", min: 3, max: 48,
		first: "_", others: "_-", example: "ssd-pool"}
	netInterfaceShape = shape{code: v1.FailInvalidNetName, what: "net interface name", field: "name", min: 3, max: 32,
		first: "_", digitFirst: true, others: "_-", example: "default"}
	sharedSpaceShape = shape{code: v1.FailInvalidFreeSpaceMgrName, what: "shared space name", field: "shared_space", min: 1, max: 48,
		first: "_", digitFirst: true, others: "_-.", example: "san-1"}
)

// CheckResource checks the name of a resource definition.
func CheckResource(s string) *fault.Fault { return resourceShape.check(s) }

// CheckResourceGroup checks the name of a resource group.
func CheckResourceGroup(s string) *fault.Fault { return groupShape.check(s) }

// CheckSnapshot checks the name of a snapshot.
func CheckSnapshot(s string) *fault.Fault { return snapshotShape.check(s) }

// CheckKeyValueStore checks the name of a key-value store instance.
func CheckKeyValueStore(s string) *fault.Fault { return keyValueShape.check(s) }

// CheckStoragePool checks the name of a storage pool.
func CheckStoragePool(s string) *fault.Fault { return poolShape.check(s) }

// CheckNetInterface checks the name of a net interface.
func CheckNetInterface(s string) *fault.Fault { return netInterfaceShape.check(s) }

// CheckSharedSpace checks the name of storage that several nodes reach.
func CheckSharedSpace(s string) *fault.Fault { return sharedSpaceShape.check(s) }

func (r *shape) check(s string) *fault.Fault {
	if why := r.broken(s); why != "" {
		return refuse(r.code, r.what, r.field, s, why, r.rule(), r.example)
	}
	return nil
}

// broken says which part of the rule a name breaks; empty when it is fine.
func (r *shape) broken(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) < r.min:
		return "it is shorter than " + count(r.min, "character")
	case len(s) > r.max:
		return "it is longer than " + count(r.max, "character")
	}
	letter := false
	for i, c := range s {
		switch {
		case isLetter(c):
			letter = true
		case isDigit(c):
			if i == 0 && !r.digitFirst {
				return "it starts with the digit " + quote(c)
			}
		case i == 0 && !strings.ContainsRune(r.first, c):
			return "it starts with " + quote(c)
		case !strings.ContainsRune(r.others, c):
			return "it contains " + quote(c)
		}
	}
	if !letter {
		return "it has no letter"
	}
	for _, word := range r.reserved {
		if strings.EqualFold(s, word) {
			return "the word is reserved"
		}
	}
	return ""
}

func (r *shape) rule() string {
	first := "a letter or '_'"
	if r.digitFirst {
		first = "a letter, a digit or '_'"
	}
	others := make([]string, 0, len(r.others))
	for _, c := range r.others {
		others = append(others, "'"+string(c)+"'")
	}
	return count(r.min, "") + " to " + count(r.max, "character") + ": letters, digits, " + strings.Join(others, ", ") +
		"; the first " + first + ", at least one letter"
}

// refuse is the fault that all names share.
func refuse(code v1.Code, what, field, s, why, rule, example string) *fault.Fault {
	return fault.New(code, "'%s' is not a valid %s.", shown(s), what).
		Because("field '%s': %s", field, why).
		Fix("Use %s, such as '%s'.", rule, example)
}

// shown keeps a message readable whatever was sent as a name.
func shown(s string) string {
	const limit = 80
	clean := strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
	if n := []rune(clean); len(n) > limit {
		return string(n[:limit]) + "…"
	}
	return clean
}

func quote(c rune) string {
	if c == ' ' {
		return "a space"
	}
	if c == utf8.RuneError || !unicode.IsPrint(c) {
		return "a character that cannot be printed"
	}
	return "'" + string(c) + "'"
}

func isLetter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isDigit(c rune) bool { return c >= '0' && c <= '9' }
