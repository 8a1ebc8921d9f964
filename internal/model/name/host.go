package name

import (
	"strconv"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
)

const (
	minHostName  = 2
	maxHostName  = 255
	maxHostLabel = 63
	hostRule     = "2 to 255 letters, digits, '-' and '.' by the rules of host names: labels between dots have 1 to 63 " +
		"characters and neither start nor end with '-'"
	maxFilePath = 1024
)

// CheckNode checks the name of a node.
func CheckNode(s string) *fault.Fault {
	return checkHost(v1.FailInvalidNodeName, "node name", "name", "node-1.example.com", s)
}

// CheckRemote checks the name of a remote.
func CheckRemote(s string) *fault.Fault {
	return checkHost(v1.FailInvalidRemoteName, "remote name", "remote_name", "backup-site", s)
}

// CheckSchedule checks the name of a schedule.
func CheckSchedule(s string) *fault.Fault {
	return checkHost(v1.FailInvalidScheduleName, "schedule name", "schedule_name", "nightly", s)
}

// checkHost checks names that follow the rules of host names.
func checkHost(code v1.Code, what, field, example, s string) *fault.Fault {
	if why := brokenHost(s); why != "" {
		return refuse(code, what, field, s, why, hostRule, example)
	}
	return nil
}

func brokenHost(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) < minHostName:
		return "it is shorter than 2 characters"
	case len(s) > maxHostName:
		return "it is longer than 255 characters"
	}
	for _, c := range s {
		if !isLetter(c) && !isDigit(c) && c != '-' && c != '.' {
			return "it contains " + quote(c)
		}
	}
	for label := range strings.SplitSeq(s, ".") {
		switch {
		case label == "" && strings.HasPrefix(s, "."):
			return "it starts with '.'"
		case label == "" && strings.HasSuffix(s, "."):
			return "it ends with '.'"
		case label == "":
			return "it has two dots in a row"
		case len(label) > maxHostLabel:
			return "the part '" + label[:20] + "…' is longer than 63 characters"
		case label[0] == '-':
			return "the part '" + label + "' starts with '-'"
		case label[len(label)-1] == '-':
			return "the part '" + label + "' ends with '-'"
		}
	}
	return ""
}

// CheckExternalFile checks the path of a file that is kept for satellites.
func CheckExternalFile(s string) *fault.Fault {
	why := ""
	switch {
	case s == "":
		why = "it is empty"
	case len(s) > maxFilePath:
		why = "it is longer than 1024 bytes"
	case s[0] != '/':
		why = "it does not start with '/'"
	case strings.ContainsRune(s, 0):
		why = "it contains a character that cannot be printed"
	case s == "/" || strings.HasSuffix(s, "/"):
		why = "it ends with '/', so it names a directory"
	}
	if why == "" {
		for part := range strings.SplitSeq(s[1:], "/") {
			if part == ".." || part == "." {
				why = "it contains the part '" + part + "'"
			}
		}
	}
	if why == "" {
		return nil
	}
	return refuse(v1.FailInvalidExternalFileName, "external file name", "path", s, why,
		"the absolute path of a file without '.' and '..' parts, at most 1024 bytes long", "/etc/example/app.conf")
}

// count says a number with its noun, which gets an s unless the number is 1.
func count(n int, noun string) string {
	out := strconv.Itoa(n)
	switch {
	case noun == "":
		return out
	case n == 1:
		return out + " " + noun
	}
	return out + " " + noun + "s"
}
