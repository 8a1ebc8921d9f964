package prop

import (
	"strings"

	"github.com/holdfast-storage/holdfast/internal/model/name"
)

// namespaceTable has the namespaces in which keys are free.
func namespaceTable() []Property {
	return []Property{
		{Key: "Aux/", Rule: Rule{Kind: KindText, words: "any text", free: true}, in: objects, Help: "Data of users and other software"},
		{Key: "Autoplacer/Weights/", Rule: weight(), in: ctrl, Help: "How much a placement strategy counts: Autoplacer/Weights/<strategy>", shape: oneLevel},
		{Key: "Paths/", Rule: netInterface(), in: conn, Help: "A network path is two keys, one per node: Paths/<path>/<node>", shape: pathShape},
		{Key: "files/", Rule: trueFalse(), in: def, Help: "A file that goes with the resource: files/<path>", shape: fileShape},
		{Key: "Cache/Features/", in: cached, Help: "A feature argument of dm-cache: Cache/Features/<name>", shape: oneLevel},
		{Key: "Cache/Policy/", in: cached, Help: "A policy argument of dm-cache: Cache/Policy/<name>", shape: oneLevel},
		{Key: "EBS/Tags/", in: onDisk, Help: "A tag of new EBS volumes: EBS/Tags/<name>"},
		{Key: "NetCom/", in: ctrl, Help: "Connectors of former releases, without effect"},
	}
}

func oneLevel(rest string) string {
	if strings.Contains(rest, "/") {
		return "it has a level too many"
	}
	return ""
}

func pathShape(rest string) string {
	path, node, ok := strings.Cut(rest, "/")
	switch {
	case !ok:
		return "the node is missing"
	case path == "" || strings.Contains(node, "/"):
		return "it does not have the form Paths/<path>/<node>"
	case name.CheckNode(node) != nil:
		return "'" + brief(node) + "' cannot be the name of a node"
	}
	return ""
}

func fileShape(rest string) string {
	if name.CheckExternalFile("/"+rest) != nil {
		return "'/" + brief(rest) + "' cannot be the path of a file"
	}
	return ""
}
