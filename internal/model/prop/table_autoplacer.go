package prop

// noScript: a placement must not depend on what a program outside happens to answer (ADR 7).
const noScript = "The placer runs no scripts. Say what the script decides with the properties 'Autoplacer/Weights/…' (what counts), " +
	"'AutoplaceTarget' (where nothing goes), or 'Aux/…' on nodes with the filters of resource groups (replicas_on_same, replicas_on_different, node and pool lists)."

// autoplacerTable has what guides the choice of nodes and pools.
func autoplacerTable() []Property {
	return []Property{
		{Key: "Autoplacer/Weights/MaxFreeSpace", Rule: weight(), Default: "1.0", in: ctrl,
			Help: "How much free space counts when pools are compared"},
		{Key: "Autoplacer/Weights/MinReservedSpace", Rule: weight(), Default: "0.0", in: ctrl,
			Help: "How much little promised space counts when pools are compared"},
		{Key: "Autoplacer/Weights/MinRscCount", Rule: weight(), Default: "0.00001", in: ctrl,
			Help: "How much a small number of resources on the node counts when pools are compared"},
		{Key: "Autoplacer/Weights/MaxThroughput", Rule: weight(), Default: "0.0", in: ctrl,
			Help: "How much spare throughput counts when pools are compared"},
		{Key: "Autoplacer/PreSelectScript", in: ctrl,
			Help: "Script that may change the scores of pools", Refused: noScript},
		{Key: "Autoplacer/PreSelectScriptTimeout", Rule: whole(), Default: "5000", Unit: "milliseconds", in: ctrl,
			Help: "How long the script may run", Refused: noScript},
		{Key: "Autoplacer/MaxThroughput", Rule: whole(), Unit: "bytes/second", in: ctrl | node | pool,
			Help: "Throughput that a storage pool can deliver"},
		{Key: "Autoplacer/MinThinFreeSpace", Default: "10%", in: ctrl | node | pool | def,
			Rule: pattern(`(\d+(?:[.]\d+)?)\s*([kKmMgGtT](?:i[bB]|[bB])?|[bB]|[sS]|%|)`, "a size such as 50GiB, or a part of the pool such as 10%"),
			Help: "Thin pools with less real free space get no new volumes"},
		{Key: "AutoplaceTarget", Rule: trueFalse(), Default: "true", in: ctrl | node | pool,
			Help: "Whether automatic placement may choose the node or the storage pool; a user who names the node may use it"},
	}
}
